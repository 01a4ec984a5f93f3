"""A killed init leaves the project as before or as after, and the next one completes it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.init.conftest import content, init, write
from tests.deploy.init.killing import killed_runs
from tests.support.repository import git

WRITING = ("mkdir", "rename", "link", "unlink", "rmdir", "fsync")


def visible(project: Path) -> dict[str, str]:
    """What git would commit: the names and contents of files that it does not ignore."""
    names = git(project, "ls-files", "-z", "--others", "--cached", "--exclude-standard").split("\0")
    return {name: (project / name).read_text() for name in names if name}


@pytest.fixture
def project(project: Path) -> Path:
    write(project, {"cpanfile": "", ".gitignore": "/local/\n", "app.psgi": "x"})
    git(project, "add", "-A")
    return project


def states(project: Path) -> tuple[dict[str, str], list[dict[str, str]], dict[str, bytes]]:
    """What git sees before, and at each instant of init; every file after it."""
    saved = project.with_name("saved")
    shutil.copytree(project, saved)
    before = visible(project)
    init(project)
    after = visible(project)
    complete = content(project)
    lines_alone = {name: after[name] for name in before}
    assert before != lines_alone
    return before, [before, lines_alone, after], complete


def test_fifty_kills_leave_before_or_after(project: Path) -> None:
    before, allowed, complete = states(project)
    seen = []
    for number in killed_runs(project, project.with_name("saved"), "--yes", writing=".deploy"):
        found = visible(project)
        assert found in allowed, number
        seen.append(found == before)
        init(project)
        assert content(project) == complete, number
    assert set(seen) == {False, True}


@pytest.mark.needs("strace")
@pytest.mark.parametrize("call", WRITING)
def test_kill_at_each_call_that_changes_a_file(call: str, project: Path) -> None:
    """The process is killed before its first such call, in another run before its second, and so on."""
    _, allowed, complete = states(project)
    saved = project.with_name("saved")
    for number in range(1, 20):
        shutil.rmtree(project)
        shutil.copytree(saved, project)
        command = [
            *("strace", "-qq", "-o", "/dev/null", "-e", f"trace=/^{call}(at|at2)?$"),
            *("-e", f"inject=/^{call}(at|at2)?$:signal=KILL:when={number}"),
            *(sys.executable, "-B", "-m", "bootstrapper", "init", "--yes"),
        ]
        done = subprocess.run(command, cwd=project, capture_output=True, check=False)
        assert visible(project) in allowed, number
        init(project)
        assert content(project) == complete, number
        if done.returncode == 0:
            break
    assert done.returncode == 0
    assert number > 1, "strace has killed nothing"


@pytest.mark.parametrize("place", ["mkdir", "write", "rename", "link"])
def test_full_disk_leaves_everything_as_before(
    place: str, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import errno

    from bootstrapper.__main__ import main
    from bootstrapper.deploy.stacks import new_files

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(project))

    before = content(project)
    if place == "mkdir":
        monkeypatch.setattr(Path, "mkdir", fail)
    elif place == "write":
        monkeypatch.setattr(new_files.os, "fsync", fail)
    else:
        monkeypatch.setattr(new_files.os, place, fail)
        if place == "link":
            monkeypatch.setattr(new_files.os, "rename", fail)
    assert main(["init", "--yes", "--project", str(project)]) == 1
    assert "the disk is full" in capsys.readouterr().err
    assert content(project) == before


def test_file_of_another_program_that_appears_meanwhile_stays(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from bootstrapper.__main__ import main
    from bootstrapper.deploy.stacks import new_files

    link = os.link

    def late(source: Path | str, target: Path, **more: int) -> None:
        if target.name == "deployments.toml":
            target.write_text("theirs")
        link(source, target, **more)

    monkeypatch.setattr(new_files.os, "link", late)
    assert main(["init", "--yes", "--project", str(project)]) == 2
    assert "stays as it is" in capsys.readouterr().err
    assert (project / "deploy/deployments.toml").read_text() == "theirs"


def test_file_system_without_links_gets_the_file(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bootstrapper.__main__ import main
    from bootstrapper.deploy.stacks import new_files

    def fail(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(new_files.os, "link", fail)
    assert main(["init", "--yes", "--project", str(project)]) == 0
    assert (project / "deploy/deployments.toml").is_file()
    assert os.listdir(project / ".deploy/init") == ["record.json"]
