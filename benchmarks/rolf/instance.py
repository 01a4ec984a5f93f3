"""Rolf as its users start it: vendored, bootstrapped, ./manage.py rolf."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.contender import PYTHON
from benchmarks.memory import together
from benchmarks.rolf.browser import Browser
from tests.support.rolf_home import Home, Running, environment, running
from tools.rolf_files import lay_out

IN_ROLF = Path(__file__).with_name("in_rolf.py")


@dataclass(frozen=True)
class Instance:
    """One that runs."""

    home: Home
    rolf: Running

    @property
    def port(self) -> int:
        return int(self.rolf.address.rstrip("/").rpartition(":")[2])

    @property
    def megabytes(self) -> float:
        """What all of its processes take together now."""
        return together(self.rolf.process.pid) / 1e6

    def browser(self) -> Browser:
        """One of a person's who has signed in; in_rolf.py makes the person."""
        return Browser(self.port, "bench", "bench")


def project(scratch: Path) -> Path:
    """Rolf, vendored and built: what each instance is a copy of."""
    directory = scratch / "rolf"
    lay_out(directory)
    subprocess.run(
        [PYTHON, "bootstrap.py", "-q"],
        cwd=directory,
        check=True,
        env={**os.environ, "BOOTSTRAP_STORE": str(scratch / "store")},
    )
    return directory


def empty(project: Path, place: Path) -> Home:
    """A place for Rolf with an empty database."""
    home = Home.laid_out(place, project)
    home.manage("migrate", "-v0")
    return home


def inside(home: Home, *words: object) -> Any:
    """What in_rolf.py answers, run there."""
    run = subprocess.run(
        ["ve/bin/python", IN_ROLF, *map(str, words)],
        cwd=home.current,
        env=environment(),
        check=True,
        text=True,
        stdout=subprocess.PIPE,
    )
    return json.loads(run.stdout)


@contextmanager
def started(home: Home, *arguments: str) -> Iterator[Instance]:
    """Run it."""
    with running(home, *arguments) as rolf:
        yield Instance(home, rolf)
