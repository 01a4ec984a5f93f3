"""What the deployment needs of the settings is listed with the line, and only if it is missing."""

import subprocess
from pathlib import Path

import pytest

from tests.vendor.adopt.layouts import FLAT, SMALL, SOURCE, make
from vendor_fetch.adopt.settings_needs import settings_needs
from vendor_fetch.adopt.site import answer_questions


def needs_of(root: Path, **given: str) -> dict[str, tuple[str, ...]]:
    """The lines to add, by the first word of the reason."""
    project, answers = answer_questions(root, given, None, print)
    found = {each.why.split()[0]: each.lines for each in settings_needs(project, answers)}
    found.pop("the", None)  # shared/.env
    return found


def test_old_settings_need_lines(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)  # it ignores local_settings.py
    found = needs_of(make(tmp_path, FLAT), domain="old.example", static_url="/static/")
    assert found == {
        "STATIC_ROOT": ('STATIC_ROOT = os.path.join(PROJECT_DIR, "static")',),
        "MEDIA_ROOT": ('MEDIA_ROOT = os.path.join(PROJECT_DIR, "media")',),
        "ALLOWED_HOSTS": (
            'ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "old.example,localhost").split(",")',
        ),
        "DEBUG": ('DEBUG = os.environ.get("DEBUG") == "1"',),
        "SECRET_KEY": ('SECRET_KEY = os.environ["SECRET_KEY"]',),
        "there": (),
    }


def test_settings_for_deployment_need_nothing(tmp_path: Path) -> None:
    assert needs_of(make(tmp_path, SOURCE)) == {}


def test_lines_work_in_the_settings(tmp_path: Path) -> None:
    """The line for STATIC_ROOT is for the directory that Apache serves."""
    make(tmp_path, SMALL)
    settings = tmp_path / "site_/settings.py"
    lines = needs_of(tmp_path)["STATIC_ROOT"]
    assert lines == ('STATIC_ROOT = BASE_DIR / "static"',)
    settings.write_text(settings.read_text() + "\n".join(lines))
    assert "STATIC_ROOT" not in needs_of(tmp_path)
    without = settings.read_text().replace("BASE_DIR", "HERE").replace("import Path", "import x")
    settings.write_text(without.replace("STATIC_ROOT", "OTHER"))
    lines = needs_of(tmp_path)["STATIC_ROOT"]
    names: dict[str, object] = {"__file__": str(settings)}
    exec("\n".join(lines), names)
    assert names["STATIC_ROOT"] == tmp_path / "static"


@pytest.mark.parametrize(
    "line",
    [
        'ALLOWED_HOSTS = ["*"]',
        'ALLOWED_HOSTS = ["www.old.example"]',
        'ALLOWED_HOSTS = [".old.example"]',
        'ALLOWED_HOSTS = os.environ["HOSTS"].split()',
        'ALLOWED_HOSTS: list[str] = env.list("HOSTS")',
        'ALLOWED_HOSTS = config("HOSTS", cast=Csv())',
    ],
)
def test_allowed_hosts_are_recognised(line: str, tmp_path: Path) -> None:
    make(tmp_path, SMALL)
    with (tmp_path / "site_/settings.py").open("a") as file:
        file.write(f"{line}\n")
    assert "ALLOWED_HOSTS" not in needs_of(tmp_path, domain="www.old.example")
    (tmp_path / "site_/settings.py").write_text("")
    assert "ALLOWED_HOSTS" in needs_of(tmp_path, domain="www.old.example")


@pytest.mark.parametrize(
    ("lines", "is_needed"),
    [
        ("DEBUG = True", True),
        ("DEBUG = False", False),
        ("DEBUG = True\ntry:\n    DEBUG = env('X')\nexcept KeyError:\n    pass", False),
        ("DEBUG = True\nif 'PROD' in os.environ:\n    DEBUG = False", False),
        ("if 'DEV' in os.environ:\n    DEBUG = True", False),
    ],
)
def test_debug_is_found_if_it_is_certain(lines: str, is_needed: bool, tmp_path: Path) -> None:
    make(tmp_path, SMALL)
    (tmp_path / "site_/settings.py").write_text(lines)
    assert ("DEBUG" in needs_of(tmp_path)) == is_needed


def test_static_root_that_only_the_server_knows_is_named(tmp_path: Path) -> None:
    make(tmp_path, SMALL)
    with (tmp_path / "site_/settings.py").open("a") as file:
        file.write('STATIC_ROOT = os.environ["STATIC_ROOT"]\nMEDIA_ROOT = "/srv/media"\n')
    found = needs_of(tmp_path)
    assert found["STATIC_ROOT"] == ('STATIC_ROOT = BASE_DIR / "static"',)
    assert found["MEDIA_ROOT"] == ('MEDIA_ROOT = BASE_DIR / "media"',)
