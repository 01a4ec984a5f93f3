"""A source project with a link that leads out of it."""

import os
import tarfile
from pathlib import Path

import pytest

from tests.support.index import Index
from tests.support.repository import git
from tests.support.source_projects import BACKEND, commit_project
from tests.vendor.conftest import MakeProject, files, vendor

# What backends do with a link: setuptools copies the file, hatchling keeps the link, flit refuses.
FOLLOWS = BACKEND.replace('"w:gz")', '"w:gz", dereference=True)')
REFUSES = BACKEND.replace(
    "def build_sdist(", 'def build_sdist(*_):\n    raise OSError("data.txt")\n\ndef _('
)
LOCAL, GIT = "../mylib", "mylib @ git+file://{}/mylib"


@pytest.fixture
def mylib(tmp_path: Path) -> Path:
    """A project whose data.txt is to be a link."""
    commit_project(tmp_path / "mylib")
    (tmp_path / "secret.txt").write_text("s3cret")
    return tmp_path / "mylib"


def commit_link(mylib: Path, target: str, backend: str) -> None:
    (mylib / "backend.py").write_text(backend)
    (mylib / "data.txt").symlink_to(target)
    git(mylib, "add", "--all")
    git(mylib, "commit", "--quiet", "-m", "link")


@pytest.mark.parametrize("line", [LOCAL, GIT])
@pytest.mark.parametrize("backend", [BACKEND, REFUSES])
@pytest.mark.parametrize("target", ["/etc/hostname", "/nowhere", "../secret.txt"])
def test_link_out_of_a_project_is_refused(
    line: str,
    backend: str,
    target: str,
    mylib: Path,
    index: Index,
    make_project: MakeProject,
    capsys: pytest.CaptureFixture[str],
) -> None:
    commit_link(mylib, target, backend)
    project = make_project(line.format(mylib.parent))
    assert vendor(project) == 1
    error = capsys.readouterr().err
    assert error.startswith(
        f"requirements/apps.in:1: data.txt is a link to {target}, which is outside of the project\n"
    )
    assert len(error.splitlines()) == 2
    assert files(project) == []


def test_repository_gets_no_file_of_this_machine(
    mylib: Path, index: Index, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    commit_link(mylib, str(mylib.parent / "secret.txt"), FOLLOWS)
    project = make_project(GIT.format(mylib.parent))
    assert vendor(project) == 1
    assert "data.txt is a link to" in capsys.readouterr().err
    assert files(project) == []


def test_local_project_has_the_file_of_its_link(
    mylib: Path, index: Index, make_project: MakeProject
) -> None:
    commit_link(mylib, str(mylib.parent / "secret.txt"), FOLLOWS)
    project = make_project(LOCAL)
    assert vendor(project) == 0
    with tarfile.open(project / "requirements/src/mylib-1.0.tar.gz") as archive:
        member = archive.extractfile("mylib-1.0/data.txt")
        assert member and member.read() == b"s3cret"


@pytest.mark.parametrize("line", [LOCAL, GIT])
def test_link_within_a_project_stays(
    line: str, mylib: Path, index: Index, make_project: MakeProject
) -> None:
    commit_link(mylib, "module.py", BACKEND)
    project = make_project(line.format(mylib.parent))
    assert vendor(project) == 0
    assert files(project) == ["mylib-1.0.tar.gz"]


def test_link_that_the_tarball_leaves_out_does_no_harm(
    mylib: Path, index: Index, make_project: MakeProject
) -> None:
    (mylib / ".git/info").mkdir(exist_ok=True)
    os.symlink("/nowhere", mylib / ".git/data.txt")
    commit_link(mylib, "/nowhere", BACKEND.replace("in names:", 'in set(names) - {"data.txt"}:'))
    for line in (LOCAL, GIT.format(mylib.parent)):
        assert vendor(make_project(line)) == 0
