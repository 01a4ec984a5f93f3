"""kill -9 at random instants: the virtualenv works, and the next rebuild succeeds.

An instant is a fraction of the time of a whole run, so the kills cover all of it: hashing,
unpacking, linking, the exchange, the removal of the old virtualenv.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conftest import bootstrap, replace_tiny
from tests.support.figures import Figures
from tests.support.processes import wait_until_gone

MODULES = 150


@pytest.fixture
def victim(
    request: pytest.FixtureRequest, figures: Figures, tmp_path: Path, cold_store: Path
) -> tuple[Path, str]:
    """Return a project and a module to import: a small project, or one with all of Django."""
    if figures.full:
        project = tmp_path / "whole project"
        shutil.copytree(
            request.getfixturevalue("generated"),
            project,
            symlinks=True,
            ignore=shutil.ignore_patterns("ve"),
        )
        return project, "django"
    project = request.getfixturevalue("tiny_project")
    replace_tiny(
        project,
        files={
            "tiny.py": "",
            **{
                f"many/module_{number}.py": "def f(x):\n    return [x, x + 1]\n" * 30
                for number in range(MODULES)
            },
        },
    )
    return project, "tiny"


def imports(project: Path, module: str) -> bool:
    return (
        subprocess.run(
            [project / "ve/bin/python", "-c", f"import {module}"], capture_output=True, check=False
        ).returncode
        == 0
    )


def left_behind(project: Path, store: Path) -> list[Path]:
    return [*project.glob(".ve*"), *store.glob("*/unfinished/*")]


@pytest.mark.parametrize("whom", ["the rebuild alone", "all of its processes"])
@pytest.mark.parametrize("temperature", ["cold", "warm"])
def test_kill_at_any_instant_leaves_a_virtualenv(
    victim: tuple[Path, str], cold_store: Path, figures: Figures, temperature: str, whom: str
) -> None:
    project, module = victim
    row = figures.row(
        ("cold", "warm").index(temperature),
        f"SIGKILL at a random instant, store {temperature}",
        f"`import {module}` works in the virtualenv at once, the next rebuild "
        "succeeds and leaves nothing behind",
    )
    chance = random.Random(f"{temperature} {whom}")
    assert bootstrap(project).returncode == 0
    seconds = duration(project, cold_store, temperature)
    # Cold runs take many times as long, nearly all of it for unpacking.
    for _ in range(figures.tries(*{"cold": (4, 30), "warm": (6, 70)}[temperature])):
        while (
            run := shot(project, cold_store, temperature, chance.uniform(0, seconds))
        ).poll() is not None:
            row.note("came too late and are not counted")
        row.note(f"hit {whom}")
        kill(run, whom)
        with row.trying():
            assert imports(project, module)
            again = bootstrap(project)
            assert (again.returncode, again.stderr) == (0, "")
            assert imports(project, module)
            if whom == "all of its processes":  # otherwise a worker may still be writing
                assert left_behind(project, cold_store) == []
    wait_until_gone(run.pid)
    assert bootstrap(project).returncode == 0
    assert left_behind(project, cold_store) == []


def duration(project: Path, store: Path, temperature: str) -> float:
    """Return the seconds that a run takes; a warm run reuses everything of earlier ones."""
    for _ in range(2):
        if temperature == "cold":
            shutil.rmtree(store)
        begin = time.monotonic()
        assert bootstrap(project).returncode == 0
    return time.monotonic() - begin


def shot(project: Path, store: Path, temperature: str, seconds: float) -> "subprocess.Popen[bytes]":
    """Start a run, kill it after `seconds`, and return its process."""
    if temperature == "cold":
        shutil.rmtree(store)
    run = subprocess.Popen(
        [sys.executable, "bootstrap.py"],
        cwd=project,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(seconds)
    return run


def kill(run: "subprocess.Popen[bytes]", whom: str) -> None:
    if whom == "the rebuild alone":
        run.kill()
    else:
        with suppress(ProcessLookupError):  # it has ended
            os.killpg(run.pid, signal.SIGKILL)
    run.wait()


def test_kill_during_first_rebuild_leaves_no_half(
    victim: tuple[Path, str], cold_store: Path, figures: Figures
) -> None:
    """Afterwards there is no virtualenv, or a complete one."""
    project, module = victim
    assert bootstrap(project).returncode == 0
    row = figures.row(
        2,
        "SIGKILL at a random instant of the first rebuild",
        "there is no virtualenv or a complete one, and the next rebuild succeeds",
    )
    chance = random.Random("first")
    seconds = duration(project, cold_store, "cold")
    for _ in range(figures.tries(2, 10)):
        shutil.rmtree(project / "ve")
        run = shot(project, cold_store, "cold", chance.uniform(0, seconds))
        kill(run, "all of its processes")
        with row.trying():
            assert not os.path.lexists(project / "ve") or imports(project, module)
            again = bootstrap(project)
            assert (again.returncode, again.stderr) == (0, "")
            assert imports(project, module)
