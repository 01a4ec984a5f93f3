"""Kill `init` and `init --undo` of a set at random moments: the project is as before or as after."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from reliability.adopting.walk import Walk, tree
from tests.conftest import REPOSITORY
from vendor_fetch.project.project import BESIDE
from vendor_fetch.sync.staging import recover

KILLS = 50
# Every fifth kill comes while the files are put in place, which takes a moment only.
_IN_PLACE = 5


def killed(walk: Walk) -> dict[str, Any]:
    """Return how often the project was as before, as after, and as neither, by command.

    The walk has adopted the project, so the caches are full.
    """
    rows = {"init --undo": _killed(walk, ["init", "--undo"])}
    _run(walk, ["init", "--undo"])
    return rows | {"init": _killed(walk, ["init", *walk.answers()])}


def _killed(walk: Walk, command: Sequence[str]) -> dict[str, int]:
    before, saved = tree(walk.site), walk.scratch / "saved"
    shutil.rmtree(saved, ignore_errors=True)
    shutil.copytree(walk.site, saved, symlinks=True)
    began = time.monotonic()
    _run(walk, command)
    longest, after = time.monotonic() - began, tree(walk.site)
    counts = {"before": 0, "after": 0, "neither": 0}
    chance = random.Random(1)
    for number in range(KILLS):
        shutil.rmtree(walk.site)
        shutil.copytree(saved, walk.site, symlinks=True)
        run = _start(walk, command)
        if number % _IN_PLACE:
            time.sleep(chance.uniform(0.05, longest))
        else:
            while run.poll() is None and not (walk.site / BESIDE / "journal").exists():
                time.sleep(0.0002)
        with suppress(ProcessLookupError):  # it has ended
            os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        recover(walk.site)  # as each command does that changes the project
        found = tree(walk.site)
        counts["before" if found == before else "after" if found == after else "neither"] += 1
    shutil.rmtree(walk.site)
    shutil.move(saved, walk.site)
    return counts


def _run(walk: Walk, command: Sequence[str]) -> None:
    if status := _start(walk, command).wait():
        raise RuntimeError(f"{' '.join(command)}: exit status {status}")


def _start(walk: Walk, command: Sequence[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "vendor_fetch", "--project", walk.site, *command],
        cwd=REPOSITORY,
        env=walk.variables(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
