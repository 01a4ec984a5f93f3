"""Rolf and a project of the template run on the Django before the next LTS, unchanged.

Their locks keep Django 5.2. Django 6.1 is installed beside them, in a virtualenv of the test.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Generate
from tests.support import beds
from tests.support.beds import Bed
from tools.rolf_files import lay_out

DJANGO = "Django>=6.1,<6.2"
SUITE = "trixie"
# Django 5.2 has no MAILERS, which replaces these settings.
WARNINGS = "error,ignore:The EMAIL_"
INSTALL = """
python3 -m venv next
rm {project}/requirements/src/[Dd]jango-[0-9]*
next/bin/pip install -q --no-index --no-deps {project}/requirements/src/*.whl django/*.whl
next/bin/python -m django --version
"""


@pytest.fixture
def bed(tmp_path: Path) -> Iterator[Bed]:
    """A system with the wheel of that Django in a user's home directory."""
    wheels = tmp_path / "django"
    with beds.bed(SUITE) as running:
        download = [
            *(sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--dest", wheels),
            *("--only-binary", ":all:", "--python-version", running.python, DJANGO),
        ]
        subprocess.run(download, check=True)
        running.put(wheels, "/home/anna/django", "anna")
        yield running


def passes_its_tests(bed: Bed, project: str) -> None:
    """Assert that a project in the user's home directory passes its tests with that Django."""
    assert bed.run(INSTALL.format(project=project), "anna").startswith("6.1")
    python = f"cd {project} && PYTHONWARNINGS='{WARNINGS}' ~/next/bin/python"
    bed.run(f"{python} manage.py makemigrations --check --settings {project}.settings.test", "anna")
    assert "\nOK" in bed.run(f"{python} manage.py test", "anna", timeout=500)


def test_project_passes_its_tests(bed: Bed, generate: Generate) -> None:
    project = generate(project_name="Next Site", python_version=bed.python)
    bed.put(project, "/home/anna/next_site", "anna")
    passes_its_tests(bed, "next_site")


def test_rolf_passes_its_tests(bed: Bed, tmp_path: Path) -> None:
    lay_out(tmp_path / "rolf", bed.python)
    bed.put(tmp_path / "rolf", "/home/anna/rolf", "anna")
    passes_its_tests(bed, "rolf")
