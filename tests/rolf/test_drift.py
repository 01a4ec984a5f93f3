"""Rolf is a project of the template, so it has the template's files as they are today."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.support.rendering import render

ROLF = Path(__file__).resolve().parents[2] / "rolf"
ANSWERS = {
    "project_name": "Rolf",
    "description": "Pushes the sites of a shop to their servers, and takes them back.",
    "author": "The bootstrapper developers",
    "domain": "rolf.example.org",
    "email": "rolf@example.org",
    "python_version": "3.11",
    "database": "sqlite",
}
# Rolf adds lines to these files, and keeps all lines of the template in their order.
EXTENDED = {
    ".env.example",
    "bootstrap.py",
    "deploy/deployments.toml",
    "manage.py",
    "requirements/apps.in",
    "rolf/settings/base.py",
    "rolf/settings/production.py",
    "rolf/settings/test.py",
    "rolf/urls.py",
}
# Rolf replaces these files, as every project may.
REPLACED = {
    "README.md": "describes Rolf",
    "accounts/admin.py": "the admin cannot change users, because it writes no history",
    "accounts/models.py": "users and groups have a history; a new password ends sessions",
    "deploy/recipes/smoke-test.sh": "a machine may have a worker and no web server",
    "main/static/main/favicon.svg": "Rolf's logo",
    "main/static/main/site.css": "Rolf's style",
    "main/templates/main/index.html": "the board is the front page",
    "main/tests/test_health.py": "the checks include the worker and writing to the database",
    "main/tests/test_smoketest.py": "needs a worker",
    "main/tests/test_pages.py": "the front page requires a login",
    "main/urls.py": "the board is the front page",
    "main/views.py": "the board is the front page",
    "templates/base.html": "has search, navigation and logout",
}


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the project that the template makes of Rolf's answers."""
    project = render(tmp_path_factory.mktemp("rendered"), **ANSWERS)
    pyproject = project / "pyproject.toml"
    # A site has one Python; Rolf has every Python that the template offers.
    one, every = (f'requires-python = "{pythons}"\n' for pythons in ("==3.11.*", ">=3.11,<3.15"))
    text = pyproject.read_text()
    assert one in text
    # So `make rolf` fetches files for the Python that runs it, and there are no targets.
    targets = re.search(r"# The Pythons and platforms (.*\n)*?\]\n", text)
    assert targets
    pyproject.write_text(text.replace(one, every).replace(targets[0], ""))
    return project


def drifted(rendered: Path, rolf: Path) -> list[str]:
    """Return how the files of a Rolf differ from those of the template."""
    found = []
    for file in sorted(path for path in rendered.rglob("*") if path.is_file()):
        name, own = str(file.relative_to(rendered)), rolf / file.relative_to(rendered)
        if not own.exists():
            found.append(f"{name} is missing")
        elif name in EXTENDED:
            lines = file.read_text().splitlines()
            if not in_order(lines, own.read_text().splitlines()):
                found.append(f"{name} lacks lines of the template")
        elif name not in REPLACED and own.read_bytes() != file.read_bytes():
            found.append(f"{name} differs")
    return found


def in_order(lines: Iterable[str], among: Iterable[str]) -> bool:
    """Return whether `among` contains all lines, in their order."""
    rest = iter(among)
    return all(any(line == other for other in rest) for line in lines)


def test_rolf_has_the_files_of_the_template(rendered: Path) -> None:
    assert drifted(rendered, ROLF) == [], "change both, or add an exception above"


def test_each_exception_differs(rendered: Path) -> None:
    same = [
        name
        for name in {*EXTENDED, *REPLACED}
        if (rendered / name).read_bytes() == (ROLF / name).read_bytes()
    ]
    assert same == []


def test_drift_is_found(rendered: Path, tmp_path: Path) -> None:
    for file in rendered.rglob("*"):
        if file.is_file():
            copy = tmp_path / file.relative_to(rendered)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())
    assert drifted(rendered, tmp_path) == []
    settings = tmp_path / "rolf/settings/base.py"
    settings.write_text(settings.read_text().replace("USE_TZ = True", "USE_TZ = False"))
    with (tmp_path / "rolf/settings/staging.py").open("a") as file:
        file.write("DEBUG = True\n")
    (tmp_path / "apache/reload").unlink()
    assert drifted(rendered, tmp_path) == [
        "apache/reload is missing",
        "rolf/settings/base.py lacks lines of the template",
        "rolf/settings/staging.py differs",
    ]
