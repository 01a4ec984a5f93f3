"""An interrupted rebuild leaves the old virtualenv working, and no files or processes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import bootstrap, replace_tiny, ve_version
from tests.support.processes import kill_session, processes_of, wait_until_gone


@pytest.fixture
def slow_project(built_project: Path) -> Path:
    """Return a project whose rebuild takes seconds, so that tests can interrupt it."""
    replace_tiny(
        built_project,
        files={
            "tiny.py": "VERSION = '2.0'\ndef main() -> None:\n    print(VERSION)\n",
            **{
                f"many/module_{number}.py": "def f(x):\n    return [x, x + 1]\n" * 40
                for number in range(800)
            },
        },
        entry_points="[console_scripts]\ntiny = tiny:main\n",
    )
    return built_project


def started(project: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "bootstrap.py"],
        cwd=project,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def unpacking(store: Path) -> bool:
    return any(store.glob("*/unfinished/*/*/tree/lib/python*/site-packages/many/*.py"))


@pytest.mark.parametrize(
    "how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda how: how.name
)
def test_interrupt_leaves_the_old_virtualenv(
    slow_project: Path, cold_store: Path, how: signal.Signals
) -> None:
    run = started(slow_project)
    while not unpacking(cold_store):
        assert run.poll() is None
        time.sleep(0.01)
    if how == signal.SIGINT:  # Ctrl-C reaches every process of the terminal
        os.killpg(run.pid, how)
    else:
        run.send_signal(how)
    _, output = run.communicate(timeout=60)
    assert run.returncode == 130
    assert output == "\nbootstrap.py: interrupted; ve/ is unchanged\n"
    assert ve_version(slow_project) == "1.0"
    assert not list(slow_project.glob(".ve*"))
    assert processes_of(run.pid) == []


@pytest.mark.parametrize("whom", ["the rebuild", "all of its processes"])
def test_kill_9_leaves_a_working_virtualenv(slow_project: Path, whom: str) -> None:
    """Kill ten runs at instants spread over a run; the next rebuild succeeds after each."""
    begin = time.monotonic()
    assert bootstrap(slow_project).returncode == 0
    whole = time.monotonic() - begin
    assert ve_version(slow_project) == "2.0"
    for instant in range(10):
        run = started(slow_project)
        try:
            run.communicate(timeout=whole * (instant + 0.5) / 10)
        except subprocess.TimeoutExpired:
            if whom == "the rebuild":
                run.kill()
            else:
                os.killpg(run.pid, signal.SIGKILL)
            run.communicate()
        assert ve_version(slow_project) == "2.0"
    assert bootstrap(slow_project).returncode == 0
    assert ve_version(slow_project) == "2.0"
    wait_until_gone(run.pid)
    assert bootstrap(slow_project).returncode == 0
    assert not list(slow_project.glob(".ve*"))


def test_killed_worker_is_reported(slow_project: Path, cold_store: Path) -> None:
    run = started(slow_project)
    while not unpacking(cold_store):
        assert run.poll() is None
        time.sleep(0.01)
    kill_session(run.pid, but=run.pid)
    _, output = run.communicate(timeout=60)
    assert run.returncode == 1
    assert "another process killed the one that was unpacking it" in output
    assert ve_version(slow_project) == "1.0"
