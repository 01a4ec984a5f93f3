"""Kill runs of init at moments all over its work."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

KILLS = 50


def killed_runs(project: Path, saved: Path, option: str, *, writing: str) -> Iterator[int]:
    """Kill `init OPTION` in the project, each time a fresh copy of `saved`; yield after each kill.

    Half of the kills come at any moment of a run. The others come as soon as the file `writing` is
    there, while files get or lose their names: that moment is too short to hit by chance.
    """
    _restore(project, saved)
    started = time.monotonic()
    assert _start(project, option).wait() == 0
    longest = time.monotonic() - started
    chance = random.Random(16)
    for number in range(KILLS):
        _restore(project, saved)
        run = _start(project, option)
        if number % 2:
            time.sleep(chance.uniform(0, longest))
        else:
            while run.poll() is None and not (project / writing).exists():
                time.sleep(0.0001)
            time.sleep(chance.uniform(0, 0.004))
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        yield number


def _restore(project: Path, saved: Path) -> None:
    shutil.rmtree(project, ignore_errors=True)
    shutil.copytree(saved, project)


def _start(project: Path, option: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "bootstrapper", "init", option],
        cwd=project,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
