"""The lock of a deployment on this machine."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bootstrapper.deploy.events.times import iso_now
from bootstrapper.deploy.machine.directory import machine_name
from bootstrapper.deploy.machine.holder import PushHolder
from bootstrapper.deploy.machine.push_lock import PushLock, current_holder
from bootstrapper.errors import Locked
from tests.conftest import REPOSITORY

ANNA = PushHolder(
    who="anna",
    machine=machine_name(),
    since=iso_now(),
    deployment="production",
    push="12",
    pid=os.getpid(),
)

# A process that holds the lock, forks as the supervisor of a push does, and says so.
HOLDER = """
import os, sys, time
from pathlib import Path
from bootstrapper.deploy.machine.holder import PushHolder
from bootstrapper.deploy.machine.push_lock import PushLock
with PushLock(Path(sys.argv[1]), PushHolder(who="ben", deployment="production")):
    if os.fork() == 0:
        print(os.getpid(), flush=True)  # the child itself: by now it has let go of the lock
    time.sleep(600)
"""


@contextmanager
def held(project: Path) -> Iterator[tuple["subprocess.Popen[str]", int]]:
    """A process that holds the lock, and the child that it has forked."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, project], cwd=REPOSITORY, text=True, stdout=subprocess.PIPE
    )
    assert process.stdout
    child = int(process.stdout.readline())
    try:
        yield process, child
    finally:
        process.kill()
        os.kill(child, signal.SIGKILL)
        process.wait()
        process.stdout.close()


def test_nobody_holds_what_was_never_pushed(tmp_path: Path) -> None:
    assert current_holder(tmp_path, "production") is None
    assert list(tmp_path.iterdir()) == []


def test_a_second_push_is_reported_who_is_at_it(tmp_path: Path) -> None:
    with PushLock(tmp_path, ANNA):
        assert current_holder(tmp_path, "production") == ANNA
        with pytest.raises(Locked) as caught, PushLock(tmp_path, ANNA):
            pass
        assert current_holder(tmp_path, "production") == ANNA, "the refused one has not freed it"
    assert str(caught.value) == (
        f"production: is being pushed by anna@{machine_name()} since {ANNA.since[11:16]} (push 12)\n"
        "  next: python -m bootstrapper status production  # wait for it, or end it: "
        "python -m bootstrapper cancel production"
    )
    assert current_holder(tmp_path, "production") is None


def test_each_deployment_has_a_lock_of_its_own(tmp_path: Path) -> None:
    with PushLock(tmp_path, ANNA), PushLock(tmp_path, PushHolder(deployment="staging")):
        assert current_holder(tmp_path, "staging") == PushHolder(deployment="staging")


def test_the_push_is_reported_once_it_has_a_number(tmp_path: Path) -> None:
    with PushLock(tmp_path, ANNA) as lock:
        shorter = PushHolder(who="a", deployment="production", push="13")
        lock.set_holder(shorter)
        assert current_holder(tmp_path, "production") == shorter


def test_a_killed_holder_is_nobody_at_once_though_its_child_lives(tmp_path: Path) -> None:
    with held(tmp_path) as (process, child):
        found = current_holder(tmp_path, "production")
        assert found
        assert found.who == "ben"
        process.kill()
        process.wait()
        os.kill(child, 0)
        assert current_holder(tmp_path, "production") is None
        with PushLock(tmp_path, ANNA):
            pass


def test_a_program_that_was_started_does_not_hold_it(tmp_path: Path) -> None:
    with PushLock(tmp_path, ANNA):
        process = subprocess.Popen(["sleep", "600"], close_fds=False)
    try:
        assert current_holder(tmp_path, "production") is None
    finally:
        process.kill()
        process.wait()


def test_a_stopped_holder_still_holds_it(tmp_path: Path) -> None:
    with held(tmp_path) as (process, _):
        process.send_signal(signal.SIGSTOP)
        assert current_holder(tmp_path, "production") is not None


def test_asking_for_the_holder_never_keeps_a_push_out(tmp_path: Path) -> None:
    with PushLock(tmp_path, ANNA):
        pass
    asking = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys\nfrom pathlib import Path\n"
            "from bootstrapper.deploy.machine.push_lock import current_holder\n"
            "current_holder(Path(sys.argv[1]), 'production')\nprint(flush=True)\n"
            "while True: current_holder(Path(sys.argv[1]), 'production')",
            tmp_path,
        ],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
    )
    try:
        assert asking.stdout and asking.stdout.readline() == b"\n"
        for _ in range(50):
            with PushLock(tmp_path, ANNA):
                assert current_holder(tmp_path, "production") == ANNA
        assert asking.poll() is None, "it asked all the time"
    finally:
        asking.kill()
        asking.communicate()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"who": 3, "later": 1}', "\xff"])
def test_details_that_are_torn_or_of_another_version_harm_nothing(
    tmp_path: Path, text: str
) -> None:
    with PushLock(tmp_path, ANNA):
        (tmp_path / ".deploy/locks/production.lock").write_text(text, encoding="latin-1")
        assert current_holder(tmp_path, "production") == PushHolder()
        with pytest.raises(Locked, match="is being pushed by somebody"), PushLock(tmp_path, ANNA):
            pass
