"""A sync removes only files that a lock named; all others in requirements/src/ are the user's."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bootstrapper.ve.project.lockfile import APPS, TOOLS, read
from tests.conftest import REPOSITORY
from tests.support.index import Index, make_tarball
from tests.support.wheels import make_wheel
from tests.vendor.conftest import TAG, MakeProject, files, vendor
from vendor_fetch.project.project import BESIDE

TINY = "tiny-1.0-py3-none-any.whl"
OLD = "old-1.0-py3-none-any.whl"


@pytest.fixture
def project(index: Index, make_project: MakeProject) -> Path:
    """tiny and old are vendored; then requirements/apps.in asks for tiny alone."""
    make_wheel(index.directory, "tiny")
    make_wheel(index.directory, "old")
    assert vendor(make_project("tiny", "old")) == 0
    return make_project("tiny")


def source(project: Path) -> Path:
    return project / "requirements/src"


@pytest.mark.parametrize(
    "put",
    [
        lambda src: make_wheel(src, "own"),
        lambda src: make_wheel(src, "tiny", tag="py3-none-macosx_11_0_arm64"),
        lambda src: make_tarball(src, "own"),
        lambda src: make_wheel(src / "darwin", "own").rename(src / "darwin/own.whl"),
        lambda src: (src / "README").write_text("Vendored files.\n"),
        lambda src: (src / "patches.zip").write_bytes(b"mine"),
        lambda src: (src / ".notes.part").write_bytes(b"mine"),
    ],
    ids=["wheel", "wheel for another platform", "tarball", "subdirectory", "note", "zip", "part"],
)
def test_sync_keeps_files_that_no_lock_named(put: Callable[[Path], object], project: Path) -> None:
    put(source(project))
    before = {
        path: path.read_bytes()
        for path in source(project).rglob("*")
        if path.is_file() and path.name != OLD
    }
    vendor(project)
    assert {
        path: path.read_bytes() for path in source(project).rglob("*") if path.is_file()
    } == before


def test_sync_says_what_to_do_with_an_unlisted_wheel(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_wheel(source(project), "own")
    assert vendor(project, "-q") == 1
    own = "requirements/src/own-1.0-py3-none-any.whl"
    assert capsys.readouterr().out.endswith(
        f"{own}: no line of apps.txt or tools.txt names this file\n1 difference\n"
        f"  next: rm {own}  # or ask for it in requirements/apps.in (./{own}), then: make vendor\n"
    )
    make_project_ask(project, "tiny", f"./{own}")
    assert vendor(project) == 0
    assert vendor(project, "check") == 0


def make_project_ask(project: Path, *lines: str) -> None:
    (project / "requirements/apps.in").write_text("".join(f"{each}\n" for each in lines))


def test_wheel_for_another_platform_is_locked(project: Path) -> None:
    here = make_wheel(source(project), "own", tag="py3-none-any")
    there = make_wheel(source(project), "own", tag="py3-none-macosx_11_0_arm64")
    make_project_ask(
        project,
        f"./requirements/src/{here.name} ; sys_platform == 'linux'",
        f"./requirements/src/{there.name} ; sys_platform == 'darwin'",
    )
    assert vendor(project) == 0
    assert {file.path.name: str(file.marker) for file in read(project, APPS)} == {
        here.name: "None",
        there.name: "sys_platform == 'darwin'",
    }
    assert vendor(project, "check") == 0
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--no-index",
            "--no-deps",
            "--quiet",
            "--require-hashes",
            "--dry-run",
            "-r",
            str(APPS),
        ],
        cwd=project,
        check=True,
    )
    make_project_ask(project, "tiny", f"./requirements/src/{there.name} ; sys_platform == 'darwin'")
    assert vendor(project) == 0
    assert files(project) == [there.name, TINY]


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: f"<<<<<<< HEAD\n{text}=======\n{text}>>>>>>> other\n",
        lambda text: text + "nonsense\n",
        lambda text: text.replace("sha256:", "md5:"),
    ],
    ids=["merge conflict", "bad line", "bad hash"],
)
def test_damaged_lock_still_names_owned_files(damage: Callable[[str], str], project: Path) -> None:
    own = make_wheel(source(project), "own")
    (project / APPS).write_text(damage((project / APPS).read_text()))
    vendor(project)
    assert files(project) == [own.name, TINY]


def test_without_a_lock_nothing_is_removed(project: Path) -> None:
    (project / APPS).unlink()
    assert vendor(project) == 1
    assert files(project) == [OLD, TINY]


def test_unneeded_tools_are_removed(index: Index, make_project: MakeProject) -> None:
    make_wheel(index.directory, "tiny")
    make_wheel(index.directory, "asked")
    project = make_project("tiny", settings='build-requires = ["asked"]')
    assert vendor(project) == 0
    make_project("tiny")
    assert vendor(project) == 0
    assert files(project) == [TINY]
    assert [file.distribution.name for file in read(project, TOOLS)] == ["pip", "virtualenv"]


def test_failed_sync_leaves_no_file(project: Path, index: Index) -> None:
    own = make_wheel(source(project), "own")
    make_tarball(index.directory, "new", build=["nowhere"])
    make_project_ask(project, "tiny", "new")
    assert vendor(project) == 1
    assert files(project) == [OLD, own.name, TINY]


def test_killed_sync_has_changed_nothing(project: Path, index: Index) -> None:
    make_wheel(index.directory, "first")
    slow = make_wheel(index.directory, "virtualenv", "90.0")
    (source(project) / "virtualenv-80.0-py3-none-any.whl").unlink()
    (project / TOOLS).unlink()
    index.stalled.add(slow.name)
    make_project_ask(project, "tiny", "first")
    run = subprocess.Popen(
        [sys.executable, "-m", "vendor_fetch", "--project", project],
        cwd=REPOSITORY,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    assert index.reached.wait(60)
    run.kill()
    run.wait()
    index.stalled.clear()
    assert files(project) == [OLD, TINY]
    make_project_ask(project, "tiny")
    assert vendor(project) == 0
    assert files(project) == [TINY]
    assert not (project / BESIDE).exists()


def test_users_own_wheel_is_never_overwritten(
    project: Path, index: Index, capsys: pytest.CaptureFixture[str]
) -> None:
    make_wheel(index.directory, "same")
    own = make_wheel(source(project), "same", files={"same.py": "PATCHED = True\n"})
    before = own.read_bytes()
    make_project_ask(project, "same")
    (source(project) / TINY).unlink()  # so that uv does not take the files that are there
    assert vendor(project) == 1
    assert own.read_bytes() == before
    assert "is in no lock, and has other bytes than the file of that" in capsys.readouterr().err


def test_users_wheel_of_another_python_is_kept(project: Path) -> None:
    own = make_wheel(source(project), "tiny", tag=f"{TAG.replace('cp3', 'cp4')}-none-any")
    vendor(project)
    assert own.exists()
