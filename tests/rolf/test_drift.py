"""Rolf is a project of the template, and follows it with template-update as every project does."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tools.rolf_files import NOT_COPIED
from vendor_fetch.__main__ import main
from vendor_fetch.template.generation import PROJECT_TEMPLATE
from vendor_fetch.template.kinds import read_kinds
from vendor_fetch.template.record import hashes, read_record
from vendor_fetch.template_update.checkout import Checkout
from vendor_fetch.template_update.render import render

ROLF = REPOSITORY / "rolf"
NEXT = "commit the change of the template, then: make rolf-template"


def git(directory: Path, *words: str) -> str:
    return subprocess.run(
        ["git", "-c", "user.name=Ann", "-c", "user.email=ann@example.org", *words],
        cwd=directory,
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def commit(directory: Path) -> None:
    git(directory, "add", "--all")
    git(directory, "commit", "-q", "-m", "Change")


def drifted(repository: Path, scratch: Path) -> list[str]:
    """Return the files that the template gives Rolf today, and has not given it yet."""
    record = read_record(repository / "rolf")
    assert record
    checkout = Checkout(directory=repository, address="..", version="")
    rendering = render(checkout, record.answers, scratch)
    kinds = read_kinds(repository)
    files = [path for path in rendering.files if not kinds.is_generated(path)]
    now = hashes(rendering.directory, files)
    then = {path: each for path, each in record.files.items() if not kinds.is_generated(path)}
    return sorted(path for path in {*now, *then} if now.get(path) != then.get(path))


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of its own, with the template and Rolf as they are in this one."""
    for name, value in (("NAME", "Ann"), ("EMAIL", "ann@example.org")):
        monkeypatch.setenv(f"GIT_AUTHOR_{name}", value)
        monkeypatch.setenv(f"GIT_COMMITTER_{name}", value)
    top = tmp_path / "repository"
    top.mkdir()
    for name in ("cookiecutter.json", "template.toml", "template_extensions.py", "setup.cfg",
                 "README.md", "LICENSE", ".gitignore"):  # fmt: skip
        shutil.copy(REPOSITORY / name, top)
    for name in (PROJECT_TEMPLATE, "templates", "locks", "hooks"):
        shutil.copytree(REPOSITORY / name, top / name)
    shutil.copytree(REPOSITORY / "rolf", top / "rolf", ignore=NOT_COPIED)
    git(top, "init", "-q", "-b", "main")
    commit(top)
    return top


def test_rolf_follows_the_template(tmp_path: Path) -> None:
    assert drifted(REPOSITORY, tmp_path / "scratch") == [], NEXT


def test_change_of_the_template_reaches_rolf(repository: Path, tmp_path: Path) -> None:
    template, rolf = repository / PROJECT_TEMPLATE, repository / "rolf"
    settings = rolf / "rolf/settings/base.py"
    own = [line for line in settings.read_text().splitlines() if "INSTALLED_APPS" in line]
    base = template / "<<cookiecutter.project_slug>>/settings/base.py"
    base.write_text(base.read_text().replace("USE_TZ = True", "USE_TZ = True  # always"))
    (template / "apache/reload").write_text("#!/bin/bash\n# another\n")
    (template / "templates/new.html").write_text("new\n")
    commit(repository)
    assert drifted(repository, tmp_path / "one") == [
        "apache/reload",
        "rolf/settings/base.py",
        "templates/new.html",
    ]
    # As `make rolf-template` does.
    start = git(repository, "log", "-1", "--format=%H", "--", "rolf/.template.json").strip()
    assert main(["--project", str(rolf), "template-update", "--from", start]) == 0
    assert (rolf / "apache/reload").read_text() == "#!/bin/bash\n# another\n"
    assert "USE_TZ = True  # always" in settings.read_text()
    assert all(line in settings.read_text() for line in own)
    # Rolf has pages of its own, so it takes none of the template's.
    assert not (rolf / "templates/new.html").exists()
    assert drifted(repository, tmp_path / "two") == []
    assert git(repository, "status", "--porcelain") == ""
    head = git(repository, "rev-parse", "HEAD")
    assert main(["--project", str(rolf), "template-update"]) == 0
    assert git(repository, "rev-parse", "HEAD") == head
