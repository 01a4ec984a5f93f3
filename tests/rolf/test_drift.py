"""Rolf is laid out by the template: what belongs to that is as the template has it today."""

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
# To these Rolf adds; each line of the template's is still there, in order.
EXTENDED = {".env.example", "bootstrap.py", "manage.py", "requirements/apps.in",
            "rolf/settings/base.py", "rolf/settings/production.py", "rolf/settings/test.py",
            "rolf/urls.py"}
# These are Rolf's own, as the template means them to become the project's own.
REPLACED = {
    "README.md": "says what Rolf is, and how it is run",
    "accounts/admin.py": "the admin changes nobody: it would leave no history",
    "accounts/models.py": "people and groups are in the history, sessions end with the password",
    "main/static/main/favicon.svg": "Rolf's sign",
    "main/static/main/site.css": "Rolf's look",
    "main/templates/main/index.html": "the board is the front page",
    "main/tests/test_health.py": "a worker lives, and the database can be written",
    "main/tests/test_smoketest.py": "a worker lives",
    "main/tests/test_pages.py": "the front page asks to sign in",
    "main/urls.py": "the board is the front page",
    "main/views.py": "the board is the front page",
    "templates/base.html": "Rolf's frame: search, navigation, sign-out",
}


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the template makes of Rolf's answers."""
    return render(tmp_path_factory.mktemp("rendered"), **ANSWERS)


def drifted(rendered: Path, rolf: Path) -> list[str]:
    """The files of the template's that are otherwise in a Rolf, and how."""
    found = []
    for file in sorted(path for path in rendered.rglob("*") if path.is_file()):
        name, own = str(file.relative_to(rendered)), rolf / file.relative_to(rendered)
        if not own.exists():
            found.append(f"{name} is missing")
        elif name in EXTENDED:
            lines = file.read_text().splitlines()
            if not in_order(lines, own.read_text().splitlines()):
                found.append(f"{name} lacks lines of the template's")
        elif name not in REPLACED and own.read_bytes() != file.read_bytes():
            found.append(f"{name} is another one")
    return found


def in_order(lines: Iterable[str], among: Iterable[str]) -> bool:
    """Whether all lines are among the others, in their order."""
    rest = iter(among)
    return all(any(line == other for other in rest) for line in lines)


def test_what_belongs_to_the_template_is_as_it_has_it(rendered: Path) -> None:
    assert drifted(rendered, ROLF) == [], "mend Rolf, or the template, or say above why not"


def test_every_exception_is_one(rendered: Path) -> None:
    same = [name for name in {*EXTENDED, *REPLACED}
            if (rendered / name).read_bytes() == (ROLF / name).read_bytes()]
    assert same == []


def test_a_file_that_drifts_is_found(rendered: Path, tmp_path: Path) -> None:
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
        "apache/reload is missing", "rolf/settings/base.py lacks lines of the template's",
        "rolf/settings/staging.py is another one"]
