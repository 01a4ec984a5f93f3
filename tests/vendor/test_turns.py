"""Two commands at the same time take turns."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest

from bootstrapper.ve.project.project_lock import project_lock
from tests.conftest import REPOSITORY
from tests.support.index import Index
from tests.support.wheels import make_wheel
from tests.vendor.conftest import MakeProject, files, vendor


@pytest.mark.parametrize("locked", [".", "requirements"])
def test_second_sync_waits_for_its_turn(
    locked: str, index: Index, make_project: MakeProject
) -> None:
    make_wheel(index.directory, "tiny")
    project = make_project("tiny")
    with waiting(project, locked) as run:
        assert not files(project)
    printed, _ = run.communicate(timeout=60)
    assert run.returncode == 0
    assert "waiting" not in printed  # a second time
    assert files(project) == ["tiny-1.0-py3-none-any.whl"]


def test_ctrl_c_ends_the_wait(index: Index, make_project: MakeProject) -> None:
    project = make_project("tiny")
    with waiting(project, ".") as run:
        run.send_signal(signal.SIGINT)
        _, printed = run.communicate(timeout=10)
    assert run.returncode == 130
    assert printed.startswith("interrupted; ")
    assert not files(project)


def test_check_needs_no_turn(index: Index, make_project: MakeProject) -> None:
    make_wheel(index.directory, "tiny")
    project = make_project("tiny")
    assert vendor(project) == 0
    with waiting(project, ".") as run:
        assert vendor(project, "check") == 0
    run.communicate(timeout=60)


def test_two_additions_at_the_same_time_are_both_there(
    index: Index, make_project: MakeProject
) -> None:
    for name in ("tiny", "one", "other"):
        make_wheel(index.directory, name)
    project = make_project("tiny")
    assert vendor(project) == 0
    with (
        waiting(project, ".", "add", "one") as first,
        waiting(project, "", "add", "other") as second,
    ):
        pass
    for run in (first, second):
        run.communicate(timeout=60)
        assert run.returncode == 0
    asked = (project / "requirements/apps.in").read_text().splitlines()
    assert sorted(asked) == ["one", "other", "tiny"]
    assert vendor(project, "check") == 0


@contextmanager
def waiting(project: Path, locked: str, *words: str) -> Iterator["subprocess.Popen[str]"]:
    """A command that waits for us, who hold a lock of the project, or for a holder elsewhere."""
    with project_lock(project / locked) if locked else nullcontext():
        run = subprocess.Popen(
            [sys.executable, "-m", "vendor_fetch", "--project", project, *words],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert run.stdout
        line = run.stdout.readline()
        assert line == "waiting for another vendor_fetch in this project, or for a rebuild\n"
        yield run
