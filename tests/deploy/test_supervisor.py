"""The deploying process, the supervisor or the job is killed: nothing goes on."""

import fcntl
import os
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bootstrapper.deploy.events.event import State
from bootstrapper.deploy.running import process_tree
from tests.support.jobs import alive, recorded, wait_for

# A tree of all kinds: children, a daemon of its own session, one that heeds no TERM.
TREE = (
    "sleep 300 & (setsid sleep 300 &); (trap '' INT TERM; setsid sleep 300 & sleep 300) & "
    "echo ready; cat /dev/zero | sleep 300; wait"
)
SIZE = 7

# It holds a lock, as a push does, and tells its supervisor.
DEPLOYING = """
import fcntl, os, sys
from bootstrapper.deploy.running import process_tree
from tests.support.jobs import DETACHED, recorded
lock = open(sys.argv[1], "w")
fcntl.flock(lock, fcntl.LOCK_EX)
with recorded() as recorder:
    recorder.mark = sys.argv[2]
    recorder.on_event = lambda event: None
    print(*process_tree.children(os.getpid()), flush=True)
    for _ in range(int(sys.argv[4])):
        recorder.bash(f"setsid sleep 301 > /dev/null 2>&1 & {DETACHED}")
    recorder.bash(sys.argv[3])
"""


@contextmanager
def deploying(folder: Path, code: str, daemons: int = 0) -> Iterator[tuple[int, int, str]]:
    """Its process id, its supervisor's, and the mark of all that it starts."""
    mark = f"JOB_MARK={uuid.uuid4()}"
    with subprocess.Popen(
        [sys.executable, "-c", DEPLOYING, folder / "lock", mark, code, str(daemons)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdout
        try:
            yield process.pid, int(process.stdout.readline()), mark
        finally:
            process.kill()
            for pid in alive(mark):
                os.kill(pid, signal.SIGKILL)


def unlocked(lock: Path) -> bool:
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


@pytest.mark.parametrize("turn", range(5))
def test_kill_9_of_the_deploying_process_ends_the_whole_tree(turn: int, tmp_path: Path) -> None:
    with deploying(tmp_path, TREE) as (pid, supervisor, mark):
        wait_for(lambda: len(alive(mark)) >= SIZE)
        assert not unlocked(tmp_path / "lock")
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: unlocked(tmp_path / "lock"))
        wait_for(lambda: not alive(mark))
        wait_for(lambda: not process_tree.status(supervisor))


def test_kill_9_of_the_deploying_process_between_stages_ends_the_supervisor(tmp_path: Path) -> None:
    with deploying(tmp_path, "true") as (pid, supervisor, _):
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not process_tree.status(supervisor))


def test_kill_9_of_the_deploying_process_spares_daemons_of_stages_that_ended(
    tmp_path: Path,
) -> None:
    with deploying(tmp_path, TREE, daemons=2) as (pid, supervisor, mark):
        wait_for(lambda: len(alive(mark)) >= SIZE + 2)
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not process_tree.status(supervisor))
        assert [process_tree.command(one) for one in alive(mark)] == ["sleep 301"] * 2


def test_a_stage_that_ignores_every_signal_ends_with_the_deploying_process(tmp_path: Path) -> None:
    with deploying(tmp_path, "trap '' INT TERM HUP; sleep 300; sleep 300") as (pid, _, mark):
        wait_for(lambda: len(alive(mark)) >= 2)
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not alive(mark))


def test_kill_9_of_the_supervisor_fails_the_stage_and_ends_the_whole_tree() -> None:
    with recorded() as recorder:
        (supervisor,) = process_tree.children(os.getpid())
        killing = threading.Thread(
            daemon=True,
            target=lambda: (
                wait_for(lambda: len(recorder.alive) >= SIZE),
                os.kill(supervisor, signal.SIGKILL),
            ),
        )
        killing.start()
        outcome = recorder.bash(TREE)
        killing.join()
        assert outcome.state == State.FAILED
        assert outcome.exit is None
        assert outcome.reason == ("the supervisor of the push's processes died: somebody killed it")
        assert recorder.alive == []
        assert process_tree.children(os.getpid()) == []
        # A shell that outlives its child by a moment says so.
        printed = [
            line
            for line in recorder.output.splitlines()
            if b"Terminated" not in line and b"Killed" not in line
        ]
        assert printed == [b"ready"]
        # The next stage, of a rollback, gets a new supervisor.
        assert recorder.bash("echo again").state == State.SUCCEEDED


# A stage of the same user takes the supervisor's socket (pidfd_open(2), pidfd_getfd(2)).
FORGED = """
import ctypes, os, socket, sys, time
call = ctypes.CDLL(None).syscall
taken = call(438, call(434, int(sys.argv[1]), 0), 3, 0)
if taken < 0:
    sys.exit(77)
socket.socket(fileno=taken).sendall(eval(sys.argv[2]))
time.sleep(300)
"""


@pytest.mark.parametrize(
    "message",
    [
        "b'[]\\n'",
        "b'no message\\n'",
        "b'{}\\n'",
        """b'{"key": 1, "pid": "1"}\\n'""",
        """b'{"key": 1, "status": 0, "reason": 1}\\n'""",
        """b'{"key": 1, "nonblocking": 7}\\n'""",
        "b'[' * 90000 + b'\\n'",
        "b'x' * 30_000_000",
    ],
)
@pytest.mark.timeout(60)
def test_a_forged_message_ends_the_push_only(message: str) -> None:
    with recorded() as recorder:
        (supervisor,) = process_tree.children(os.getpid())
        job = recorder.job(sys.executable, "-c", FORGED, str(supervisor), message)
        (outcome,) = recorder.runner.run([job])
        if outcome.exit == 77:
            pytest.skip("this machine lets no process take a file of another")
        assert outcome.state == State.FAILED
        assert outcome.reason == "the supervisor of the push's processes died: somebody killed it"
        assert recorder.alive == []
        assert recorder.bash("echo again").state == State.SUCCEEDED


def test_kill_9_of_the_supervisor_spares_our_own_children() -> None:
    with subprocess.Popen(["sleep", "300"]) as ours, recorded() as recorder:
        (supervisor,) = set(process_tree.children(os.getpid())) - {ours.pid}
        outcome = recorder.bash(f"kill -9 {supervisor}; sleep 300")
        assert outcome.state == State.FAILED
        assert recorder.alive == []
        assert ours.poll() is None
        ours.kill()


def test_kill_9_of_the_job_fails_it_and_ends_what_it_started() -> None:
    with recorded() as recorder:
        outcome = recorder.bash("sleep 300 & sleep 0.1; kill -9 $$")
        assert (outcome.state, outcome.exit) == (State.FAILED, -9)
        assert recorder.alive == []


def test_a_stopped_supervisor_cannot_stop_the_end_of_a_push() -> None:
    with recorded() as recorder:
        (supervisor,) = process_tree.children(os.getpid())
        timer = threading.Timer(1, lambda: setattr(recorder, "reason", "cancelled by us"))
        timer.start()
        outcome = recorder.bash(f"kill -STOP {supervisor}; sleep 300")
        timer.join()
        assert (outcome.state, outcome.reason) == (State.CANCELLED, "cancelled by us")
        assert recorder.alive == []
    assert process_tree.children(os.getpid()) == []


@pytest.mark.parametrize(
    "code",
    [
        "kill -STOP $PPID; sleep 300",
        "for turn in {1..300}; do kill -STOP $PPID; sleep 0.003; done; sleep 300",
        "kill -STOP -$PPID; kill -STOP 0; sleep 300",
        "kill -STOP $PPID $$",
    ],
)
@pytest.mark.timeout(60)
def test_a_stage_that_stops_its_parent_times_out(code: str) -> None:
    with recorded() as recorder:
        for _ in range(3):
            outcome = recorder.bash(code, timeout=1)
            assert (outcome.state, outcome.reason) == (State.FAILED, "timed out after 1s")
            assert recorder.alive == []
        assert recorder.bash("true").state is State.SUCCEEDED


def test_a_stage_that_stops_its_parent_and_ends_is_done() -> None:
    with recorded() as recorder:
        outcome = recorder.bash("kill -STOP $PPID; echo done")
        assert (outcome.state, recorder.output) == (State.SUCCEEDED, b"done\n")


def test_a_stage_that_stops_its_parent_is_cancelled() -> None:
    with recorded() as recorder:
        timer = threading.Timer(1, lambda: setattr(recorder, "reason", "cancelled by us"))
        timer.start()
        outcome = recorder.bash("while kill -STOP $PPID; do sleep 0.001; done")
        timer.join()
        assert (outcome.state, outcome.reason) == (State.CANCELLED, "cancelled by us")
        assert recorder.alive == []


def test_the_supervisor_holds_nothing_of_ours_and_heeds_no_terminal() -> None:
    with recorded():
        (supervisor,) = process_tree.children(os.getpid())
        wait_for(lambda: os.getsid(supervisor) == supervisor)
        wait_for(lambda: len(os.listdir(f"/proc/{supervisor}/fd")) == 6)
        files = [os.readlink(f"/proc/{supervisor}/fd/{number}") for number in range(3)]
        assert files == ["/dev/null"] * 3
        assert os.readlink(f"/proc/{supervisor}/cwd") == "/"
        found = process_tree.status(supervisor)
        ours = process_tree.status(os.getpid())
        assert found and ours
        assert found.name == ours.name


def test_a_process_is_never_taken_for_a_later_one_of_its_id() -> None:
    with subprocess.Popen(["sleep", "300"]) as process:
        found = process_tree.status(process.pid)
        assert found
        process_tree.send(found.process._replace(started=1), signal.SIGKILL)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)
        process_tree.send(found.process, signal.SIGKILL)
        assert process.wait(60) == -signal.SIGKILL
        assert not process_tree.alive(found.process)
