"""A stage that stops the deploying process: the push ends all the same."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bootstrapper.deploy.running import process_tree
from tests.support.jobs import wait_for
from tests.support.shop import HERE, Shop, open_shop

# The command line, with less patience: its first word is the seconds.
IMPATIENT = """
import sys
from bootstrapper.deploy.running import watcher
watcher.WAKE = float(sys.argv.pop(1))
from bootstrapper.__main__ import main
sys.exit(main(sys.argv[1:]))
"""
RUNNER = "$(ps -o ppid= -p $PPID)"
RUNNER_GROUP = "$(ps -o ppid= -p $PPID | tr -d ' ')"


@contextmanager
def pushing(
    tmp_path: Path, code: str, *, patience: float, timeout: str = "1s"
) -> Iterator[tuple[Shop, "subprocess.Popen[str]"]]:
    """A push whose stage has begun `code`; its process leads a group of its own, as from a shell."""
    shop = open_shop(tmp_path)
    shop.define(stages=["stop"], settings=HERE, deployment=f'timeout = "{timeout}"')
    shop.recipe("stop.sh", f"# Stops\ntouch {tmp_path}/begun\n{code}\n")
    with subprocess.Popen(
        [sys.executable, "-c", IMPATIENT, str(patience), "deploy"],
        cwd=shop.project,
        stdin=subprocess.DEVNULL,
        text=True,
        process_group=0,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    ) as push:
        try:
            wait_for((tmp_path / "begun").exists)
            yield shop, push
        finally:
            push.kill()


def is_stopped(push: "subprocess.Popen[str]") -> bool:
    found = process_tree.status(push.pid)
    return found is not None and found.stopped


@pytest.mark.parametrize(
    "code",
    [
        f"kill -STOP {RUNNER}; sleep 300",
        f"kill -STOP {RUNNER} $PPID; sleep 300",
        f"kill -STOP -- -{RUNNER_GROUP}; sleep 300",
        f"runner={RUNNER}; trap '' INT TERM; while :; do kill -STOP $runner $PPID; sleep 0.01; done",
    ],
    ids=["runner", "runner and supervisor", "group", "both, again and again"],
)
def test_a_stage_that_stops_the_push_times_out(tmp_path: Path, code: str) -> None:
    with pushing(tmp_path, code, patience=1) as (shop, push):
        printed, _ = push.communicate(timeout=40)
        assert push.returncode == 1, printed
        assert "push 1 failed: stop: timed out after 1s" in printed
        assert shop.record(1)["state"] == "failed"


def test_a_stage_that_stops_the_push_and_ends_is_done(tmp_path: Path) -> None:
    with pushing(tmp_path, f"kill -STOP {RUNNER}", patience=1) as (shop, push):
        printed, _ = push.communicate(timeout=20)
        assert (push.returncode, shop.record(1)["state"]) == (0, "succeeded"), printed


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_push_that_a_stage_stopped(tmp_path: Path, number: signal.Signals) -> None:
    with pushing(tmp_path, f"kill -STOP {RUNNER}; sleep 300", patience=600, timeout="10m") as (
        shop,
        push,
    ):
        wait_for(lambda: is_stopped(push))
        push.send_signal(number)
        printed, _ = push.communicate(timeout=20)
        assert (push.returncode, shop.record(1)["state"]) == (130, "cancelled"), printed


def test_a_push_that_a_person_suspends_stays_suspended(tmp_path: Path) -> None:
    with pushing(tmp_path, "sleep 1", patience=0.5, timeout="10m") as (shop, push):
        push.send_signal(signal.SIGTSTP)
        wait_for(lambda: is_stopped(push))
        time.sleep(2)
        assert is_stopped(push)
        push.send_signal(signal.SIGCONT)
        printed, _ = push.communicate(timeout=20)
        assert (push.returncode, shop.record(1)["state"]) == (0, "succeeded"), printed


def test_the_watcher_ends_with_the_push(tmp_path: Path) -> None:
    with pushing(tmp_path, "sleep 300", patience=1, timeout="10m") as (_, push):
        below = process_tree.children(push.pid)
        assert below
        push.kill()
        wait_for(lambda: not any(process_tree.status(pid) for pid in below))
