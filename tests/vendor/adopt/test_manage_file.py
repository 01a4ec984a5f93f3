"""manage.py is found, and what it says of settings and of modules is read."""

import subprocess
from pathlib import Path

import pytest

from bootstrapper.errors import InputError
from tests.vendor.adopt.layouts import MANAGE, make
from vendor_fetch.adopt.django_project import find_project

SETTINGS = "ROOT_URLCONF = 'urls'\n"


@pytest.mark.parametrize(
    ("manage", "expected"),
    [
        (
            "from django.core.management import execute_manager\nimport settings # as before\n",
            "settings",
        ),
        ("try:\n    from acme import settings\nexcept ImportError:\n    pass\n", "acme.settings"),
        ("import acme.settings as settings\n", "acme.settings"),
        (
            "from django.conf import settings\n" + MANAGE.format(settings="acme.settings"),
            "acme.settings",
        ),
        (
            "# os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'settings')\n"
            + MANAGE.format(settings="acme.settings"),
            "acme.settings",
        ),
        (
            "if 'test' in sys.argv:\n    os.environ['DJANGO_SETTINGS_MODULE'] = 'settings_test'\n"
            "else:\n    os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'acme.settings')\n",
            "acme.settings",
        ),
        ("os.environ['DJANGO_SETTINGS_MODULE'] = '%s.settings' % NAME\n", "settings"),
        (
            "os.environ.setdefault('DJANGO_SETTINGS_MODULE', f'acme.conf.{ENV}')\n",
            "acme.conf.production",
        ),
        ("os.environ['DJANGO_SETTINGS_MODULE'] = 'acme.conf.' + ENV\n", "acme.conf.production"),
        ("os.environ['DJANGO_SETTINGS_MODULE'] = 'acme.conf.%s' % ENV\n", "acme.conf.production"),
        ("print 'Python 2'\n" + MANAGE.format(settings="acme.settings"), "acme.settings"),
    ],
)
def test_settings_are_found(manage: str, expected: str, tmp_path: Path) -> None:
    files = {"manage.py": manage, "settings.py": SETTINGS, "settings_test.py": SETTINGS}
    make(tmp_path, {**files, "acme/settings.py": SETTINGS, "acme/conf/production.py": SETTINGS})
    assert find_project(tmp_path).settings == expected


def test_manage_py_in_the_package_of_its_settings(tmp_path: Path) -> None:
    """Before Django 1.4, manage.py was there, and put the directory above on the path."""
    manage = (
        "import os, sys\nHERE = os.path.dirname(os.path.abspath(__file__))\n"
        "sys.path.insert(0, os.path.join(HERE, '..'))\nsys.path.append(HERE + '/apps')\n"
        "sys.path.append('/usr/lib')\n" + MANAGE.format(settings="acme.settings")
    )
    files = {"acme/manage.py": manage, "acme/settings.py": SETTINGS, "acme/wsgi.py": ""}
    found = find_project(make(tmp_path, {**files, "acme/apps/shop.py": ""}))
    assert found.paths == (tmp_path / "acme", tmp_path, tmp_path / "acme/apps")
    assert found.assigned.file == tmp_path / "acme/settings.py"
    assert found.wsgi == "acme.wsgi"


def test_manage_py_three_directories_deep_is_found(tmp_path: Path) -> None:
    make(tmp_path, {"src/backend/site/manage.py": MANAGE.format(settings="settings")})
    assert find_project(tmp_path).manage == Path("src/backend/site/manage.py")


def test_project_is_found_beside_an_example(tmp_path: Path) -> None:
    for name in ("example", "testproject", "web"):
        make(tmp_path, {f"{name}/manage.py": MANAGE.format(settings="settings")})
    assert find_project(tmp_path).manage == Path("web/manage.py")


def test_example_alone_is_a_project(tmp_path: Path) -> None:
    make(tmp_path, {"sandbox/manage.py": MANAGE.format(settings="settings")})
    assert find_project(tmp_path).manage == Path("sandbox/manage.py")


@pytest.mark.parametrize("where", ["run.py", "acme/runner.py"])
def test_missing_manage_py_is_written_by_the_next_step(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "from django.core.management import execute_from_command_line\n"
    text += "if __name__ == '__main__':\n" + "    execute_from_command_line()\n"
    text += MANAGE.format(settings="acme.settings")
    make(tmp_path, {where: text, "acme/settings.py": SETTINGS})
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=f"{where} runs Django") as error:
        find_project(tmp_path)
    command = error.value.next_step.partition("  # then")[0]
    subprocess.run(command, shell=True, check=True)
    assert find_project(tmp_path).settings == "acme.settings"


@pytest.mark.parametrize("lines", ["from .production import *\n", ""])
def test_part_of_the_settings_is_not_those_of_the_server(lines: str, tmp_path: Path) -> None:
    files = {
        "manage.py": MANAGE.format(settings="settings"),
        "settings/__init__.py": SETTINGS + lines,
        "settings/production.py": "DEBUG = False\n",
    }
    assert find_project(make(tmp_path, files)).production == "settings"
    (tmp_path / "settings/production.py").write_text(SETTINGS)
    (tmp_path / "settings/__init__.py").write_text(SETTINGS)
    assert find_project(tmp_path).production == "settings.production"


def test_wsgi_module_that_is_a_package_is_found(tmp_path: Path) -> None:
    files = {"manage.py": MANAGE.format(settings="acme.settings"), "acme/settings.py": SETTINGS}
    assert find_project(make(tmp_path, {**files, "acme/wsgi/__init__.py": ""})).wsgi == "acme.wsgi"
