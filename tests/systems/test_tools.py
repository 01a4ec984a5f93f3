"""bootstrapper and vendor_fetch on a real system: their tests pass with its Python."""

import configparser
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.support.beds import Bed

# What those tests import, besides the extras. The wheels come from the index of this machine's pip.
EXTRAS = ("vendor", "template")
PACKAGES = (
    *("packaging>=25", "cyclonedx-python-lib[json-validation]"),
    # pip asks for legacy-cgi only if it runs with Python 3.13 itself.
    *("pypiserver>=2.3", "legacy-cgi>=2.6.4"),
    *("pytest>=8.3", "pytest-randomly>=3.16", "pytest-timeout>=2.3", "pytest-xdist>=3.6"),
)
PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
INSTALL = """
python3 -m venv tools
tools/bin/pip install -q --no-index wheels/*.whl
echo ~/checkout >tools/lib/python{python}/site-packages/checkout.pth
"""
# Warnings are errors (pyproject.toml).
TEST = """
cd checkout
~/tools/bin/python -m pytest -q -n 2 -m 'not system' tests/ve tests/vendor tests/deploy
"""


@pytest.fixture
def checkout(bed: Bed, tmp_path: Path) -> None:
    """A checkout of what is committed, in the home directory of a user of the system."""
    download = [
        *(sys.executable, "-m", "pip", "download", "-q", "--dest", tmp_path / "wheels"),
        *("--only-binary", ":all:", "--python-version", bed.python),
        *(word for name in PLATFORMS for word in ("--platform", name)),
    ]
    setup = configparser.ConfigParser()
    setup.read(REPOSITORY / "setup.cfg", encoding="utf-8")
    extras = [setup["options.extras_require"][name].split() for name in EXTRAS]
    packages = [*PACKAGES, *(package for extra in extras for package in extra)]
    subprocess.run([*download, *packages], check=True)
    subprocess.run(["git", "clone", "-q", REPOSITORY, tmp_path / "checkout"], check=True)
    for name in ("wheels", "checkout"):
        bed.put(tmp_path / name, f"/home/anna/{name}", "anna")
    bed.run(INSTALL.format(python=bed.python), "anna")


@pytest.mark.usefixtures("checkout")
def test_tools_pass_their_tests(bed: Bed) -> None:
    printed = bed.run(TEST, "anna", timeout=500)
    assert " passed" in printed and " failed" not in printed
