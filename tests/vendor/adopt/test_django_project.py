"""The parts of a Django project are found by reading its files."""

import ast
from pathlib import Path

import pytest

from bootstrapper.errors import InputError
from vendor_fetch.adopt.django_project import find_project

MANAGE = """
import os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project whose settings are a package, with a base that the local ones import."""
    settings = tmp_path / "config/settings"
    settings.mkdir(parents=True)
    (tmp_path / "manage.py").write_text(MANAGE)
    (tmp_path / "config/wsgi.py").write_text("application = None\n")
    (settings / "__init__.py").touch()
    (settings / "base.py").write_text(
        'STATIC_ROOT = BASE / "static"\nMEDIA_URL = "/m/"\nWSGI_APPLICATION = "config.wsgi.application"\n'
    )
    (settings / "local.py").write_text('from .base import *\nMEDIA_URL = "/media/"\n')
    (tmp_path / "ve/lib").mkdir(parents=True)
    (tmp_path / "ve/lib/manage.py").write_text(MANAGE)
    return tmp_path


def test_settings_and_wsgi_are_found(root: Path) -> None:
    found = find_project(root)
    assert (found.manage, found.settings, found.wsgi) == (
        Path("manage.py"),
        "config.settings.local",
        "config.wsgi",
    )
    assert ast.unparse(found.assigned.values["STATIC_ROOT"].value) == "BASE / 'static'"
    assert found.text("MEDIA_URL") == "/media/"


def test_project_below_the_repository_is_found(root: Path, tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    for name in ("manage.py", "config"):
        (root / name).rename(tmp_path / "src" / name)
    found = find_project(tmp_path)
    assert found.manage == Path("src/manage.py")
    assert found.wsgi == "config.wsgi"


def test_several_projects_are_refused(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manage.py").write_text(MANAGE)
    with pytest.raises(InputError, match="several Django projects: one, two"):
        find_project(tmp_path)
    (tmp_path / "one/manage.py").unlink()
    (tmp_path / "two/manage.py").unlink()
    with pytest.raises(InputError, match=r"has no manage\.py"):
        find_project(tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        'os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.local"',
        "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'config.settings.local')",
        'config("DJANGO_SETTINGS_MODULE", default="config.settings.local")',
        'os.environ.setdefault(\n    "DJANGO_SETTINGS_MODULE",\n    "config.settings.local",\n)',
    ],
)
def test_settings_module_is_found_in_each_form(line: str, root: Path) -> None:
    (root / "manage.py").write_text(f"import os\n{line}\n")
    assert find_project(root).settings == "config.settings.local"


def test_broken_settings_are_no_obstacle(root: Path) -> None:
    (root / "config/settings/local.py").write_text("from .local import *\nif:\n")
    found = find_project(root)
    assert (found.assigned.values, found.wsgi) == ({}, "config.wsgi")
