"""Faulty wheels are refused with their name, or installed correctly.

Most tests call the worker's function in a measured process of its own; some run ./bootstrap.py.
The hash in the lock always matches, so only the checks of the wheel itself can find the fault.
"""

import json
import os
import resource
import shutil
import signal
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bootstrapper.ve.project import lockfile
from bootstrapper.ve.python.interpreter import current_interpreter
from bootstrapper.ve.unpack.worker import UnpackTask, _do
from bootstrapper.ve.wheel.layout import GENERATED
from bootstrapper.ve.wheel.wheel import BOMB_RATIO, BOMB_SIZE
from tests.conftest import bootstrap
from tests.support import mutation
from tests.support.figures import Figures
from tests.support.wheels import lock_line

SECONDS = 60
MEMORY = 512 * 2**20  # bytes; the process begins as a fork of the tests


@dataclass
class Outcome:
    answer: dict[str, Any] | None
    """What the worker output; None if it was ended by a signal."""
    status: int
    memory: int


def unpack(wheel: Path, place: Path) -> Outcome:
    """Unpack one wheel in a process of its own, and return the result."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # pytest-timeout handles it here
        signal.alarm(SECONDS)
        resource.setrlimit(resource.RLIMIT_AS, (4 * 2**30, 4 * 2**30))
        answer = _do(
            UnpackTask(
                wheel=os.fspath(wheel),
                name=f"requirements/src/{wheel.name}",
                place=os.fspath(place),
                site=current_interpreter().site,
                version=sys.version_info[:2],
            )
        )
        os.write(writing, json.dumps(answer).encode())
        os._exit(0)
    os.close(writing)
    with open(reading, "rb") as stream:
        output = stream.read()
    _, status, usage = os.wait4(child, 0)
    return Outcome(json.loads(output) if output else None, status, usage.ru_maxrss * 1024)


def size(directory: Path) -> int:
    return sum(path.lstat().st_size for path in directory.rglob("*") if path.is_file())


def differences(wheel: Path, place: Path) -> list[str]:
    """Return the members, as zipfile reads them, that differ in the entry."""
    found = []
    with zipfile.ZipFile(wheel) as archive:
        for info in archive.infolist():
            folder, _, name = info.filename.rpartition("/")
            if (
                info.is_dir()
                or ".data/" in info.filename
                or (folder.endswith(".dist-info") and name in GENERATED)
            ):
                continue
            path = place / "tree" / current_interpreter().site / info.filename
            if not path.is_file() or path.read_bytes() != archive.read(info):
                found.append(info.filename)
    return found


def outside(directory: Path) -> list[str]:
    """Return files at places that only an escaping wheel can have written."""
    return [
        str(path)
        for folder in (directory, Path("/tmp"))
        for path in folder.glob(f"**/{mutation.CANARY}" if folder is directory else mutation.CANARY)
    ]


def test_mutated_wheels_do_no_harm(tmp_path: Path, figures: Figures) -> None:
    row = figures.row(
        3,
        "a wheel with a fault in it, unpacked",
        "it refuses the wheel with a message that names the file, or installs it as "
        f"zipfile reads it; it uses less than {MEMORY // 2**20} MB of memory and a "
        "bounded amount of disk, and writes nothing outside",
    )
    lost = []
    for number, (kind, seed) in enumerate(mutation.mutations(figures.tries(54, 300))):
        directory = tmp_path / str(number)
        directory.mkdir()
        wheel, place = mutation.make(directory, kind, seed), directory / "store" / "entry"
        place.parent.mkdir()
        outcome = unpack(wheel, place)
        row.tried += 1
        if fault := _fault(outcome, wheel, place) or outside(directory):
            lost.append(f"{kind} {seed}: {fault}")
        else:
            row.survived += 1
            row.note("refused" if outcome.answer else "installed")
        shutil.rmtree(directory)
    assert lost == []


def _fault(outcome: Outcome, wheel: Path, place: Path) -> str:
    if outcome.answer is None:
        return f"it ended with status {outcome.status}"
    if outcome.memory > MEMORY:
        return f"it took {outcome.memory >> 20} MB of memory"
    if place.exists() and size(place) > 2 * max(BOMB_SIZE, BOMB_RATIO * wheel.stat().st_size):
        return f"it took {size(place) >> 20} MB of disk"
    if not outcome.answer:
        return ", ".join(differences(wheel, place))
    where, fault, next_step = outcome.answer.get("failed", ("", "", ""))
    if (
        where != f"requirements/src/{wheel.name}"
        or not fault
        or not next_step
        or "Error" in fault
        or len(fault) > 400
    ):
        return f"it output {outcome.answer}"
    return ""


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_rebuild_of_mutated_wheels_does_no_harm(
    built_project: Path, tmp_path: Path, figures: Figures
) -> None:
    row = figures.row(
        4,
        "a wheel with a fault in it, through ./bootstrap.py",
        "the same, with exit status 1 or 2 and a working old virtualenv; or a new one that works",
    )
    source = built_project / lockfile.SOURCE
    apps = built_project / lockfile.APPS
    others = apps.read_text().splitlines(keepends=True)[0]
    count = figures.tries(9, 30)
    kinds = list(mutation.MUTATIONS)
    lost = []
    for number in range(count):
        kind = kinds[number * len(kinds) // count]
        before = (built_project / "ve/bin/python").stat().st_ctime_ns
        wheel = mutation.make(source, kind, 1000 + number)
        apps.write_text(others + lock_line(wheel))
        run = bootstrap(built_project)
        row.tried += 1
        works = bootstrap_works(built_project)
        same = (built_project / "ve/bin/python").stat().st_ctime_ns == before
        refused = (
            run.returncode in (1, 2)
            and wheel.name in run.stderr
            and same
            and run.stderr.count("\n  next: ") == 1
            and "unexpected" not in run.stderr
        )
        if (
            "Traceback" in run.stderr
            or not works
            or not (refused or run.returncode == 0)
            or outside(tmp_path)
            or list(built_project.glob(".ve*"))
        ):
            lost.append(f"{kind} {1000 + number}: {run.returncode} {run.stderr}")
        else:
            row.survived += 1
            row.note("refused" if refused else "installed")
    assert lost == []


def bootstrap_works(project: Path) -> bool:
    return os.system(f"'{project}/ve/bin/python' -c 'import bootstrapper' 2>/dev/null") == 0
