"""The journals of a project: the pushes that were made from here, newest first."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from bootstrapper.deploy.event import State
from bootstrapper.deploy.journal.journal import events, home
from bootstrapper.deploy.journal.record import Record, fold
from bootstrapper.deploy.target.push_lock import holder

# Tells which push of a deployment somebody runs now, by its number: None if nobody runs one, 0
# while the runner doesn't know the number yet. It is the lock's holder who knows.
Running = Callable[[str], int | None]

NOT_BEGUN = "its runner died before it began"


def last_id(project: Path) -> int:
    """The highest number that a push was ever given here; 0 if there was none."""
    return next(_numbers(project), 0)


def pushes(project: Path, running: Running, deployment: str | None = None) -> Iterator[Record]:
    """The records of all pushes, or those of a deployment, newest first and read as they come."""
    holders: dict[str, int | None] = {}
    for number in _numbers(project):
        record = _ended(home(project) / str(number))
        if record is None:
            record = _unended(home(project) / str(number), number)
            if record.deployment not in holders:
                holders[record.deployment] = running(record.deployment)
            if holders[record.deployment] not in (0, number):
                record = record.lost()
            holders[record.deployment] = holders[record.deployment] or None  # 0: the newest alone
        if deployment in (None, record.deployment):
            yield record


def push(project: Path, number: int, running: Running) -> Record | None:
    """The record of one push; None if it wasn't made here."""
    directory = home(project) / str(number)
    if not directory.is_dir():
        return None
    record = _ended(directory) or _unended(directory, number)
    return record if running(record.deployment) in (0, number) else record.lost()


def sweep(project: Path, running: Running) -> None:
    """Remove the checkouts that nobody will look into or resume; journals stay for ever.

    A deployment's last push keeps its own unless it succeeded.
    """
    numbers = [number for number in _numbers(project)
               if (home(project) / str(number) / "checkout").is_dir()]
    last: set[str] = set()
    for record in pushes(project, running) if numbers else ():
        if record.id in numbers:
            numbers.remove(record.id)
            kept = record.state is State.RUNNING or (
                record.deployment not in last and record.state is not State.SUCCEEDED)
            if not kept:
                shutil.rmtree(home(project) / str(record.id) / "checkout", ignore_errors=True)
        last.add(record.deployment)
        if not numbers:
            return


def _numbers(project: Path) -> Iterator[int]:
    try:
        names = os.listdir(home(project))
    except FileNotFoundError:
        names = []
    yield from sorted((int(name) for name in names if name.isdecimal()), reverse=True)


def _ended(directory: Path) -> Record | None:
    try:
        return Record.from_json(json.loads((directory / "result.json").read_bytes()))
    except (OSError, ValueError):
        return None  # not there yet, or torn: the events tell


def _unended(directory: Path, number: int) -> Record:
    try:
        snapshot = json.loads((directory / "snapshot.json").read_bytes())
        return fold(snapshot, events(directory))
    except (OSError, ValueError):
        return Record(id=number, state=State.LOST, reason=NOT_BEGUN)


def by_lock(project: Path) -> Running:
    """Asks the locks that pushes hold on this machine."""
    def running(deployment: str) -> int | None:
        who = holder(project, deployment)
        return int(who.push or 0) if who else None
    return running
