"""All pushes of a project, as files below `.deploy/pushes/`."""

import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from bootstrapper.deploy.events.event import State
from bootstrapper.deploy.events.record import Record, fold
from bootstrapper.deploy.journal.journal import FileJournal, events, journal_directory
from bootstrapper.deploy.machine.push_lock import current_holder
from bootstrapper.deploy.plan.environment import PYTHON_STAGE, file_name
from bootstrapper.deploy.plan.plan import Plan, Stage
from bootstrapper.errors import InputError
from bootstrapper.program import PROGRAM

# Returns the number of the running push of a deployment: None if no push runs, 0
# while the runner doesn't know the number yet. It is the lock's holder who knows.
Running = Callable[[str], int | None]

NOT_BEGUN = "its runner died before it began"


def last_id(project: Path) -> int:
    """Return the highest number that a push was ever given here; 0 if there was none."""
    return next(_numbers(project), 0)


def pushes(project: Path, running: Running, deployment: str | None = None) -> Iterator[Record]:
    """Yield the records of all pushes, or those of a deployment, newest first and read as they come."""
    holders: dict[str, int | None] = {}
    for number in _numbers(project):
        record = _ended(journal_directory(project) / str(number))
        if record is None:
            record = _unended(journal_directory(project) / str(number), number)
            if record.deployment not in holders:
                holders[record.deployment] = running(record.deployment)
            if holders[record.deployment] not in (0, number):
                record = record.lost()
            holders[record.deployment] = holders[record.deployment] or None  # 0: the newest alone
        if deployment in (None, record.deployment):
            yield record


def push(project: Path, number: int, running: Running) -> Record | None:
    """Return the record of one push; None if it wasn't made here."""
    directory = journal_directory(project) / str(number)
    if not directory.is_dir():
        return None
    record = _ended(directory) or _unended(directory, number)
    return record if running(record.deployment) in (0, number) else record.lost()


def sweep(project: Path, running: Running) -> None:
    """Remove checkouts that no user will look into or resume; journals stay for ever."""
    numbers = [
        number
        for number in _numbers(project)
        if (journal_directory(project) / str(number) / "checkout").is_dir()
    ]
    last: set[str] = set()
    for record in pushes(project, running) if numbers else ():
        if record.id in numbers:
            numbers.remove(record.id)
            kept = record.state is State.RUNNING or (
                record.deployment not in last and record.state is not State.SUCCEEDED
            )
            if not kept:
                shutil.rmtree(
                    journal_directory(project) / str(record.id) / "checkout", ignore_errors=True
                )
        last.add(record.deployment)
        if not numbers:
            return


def _numbers(project: Path) -> Iterator[int]:
    try:
        names = os.listdir(journal_directory(project))
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
        who = current_holder(project, deployment)
        return int(who.push or 0) if who else None

    return running


class ProjectPushStore:
    """The pushes of a project, for the operations."""

    def __init__(self, project: Path) -> None:
        self._project = project

    def sweep(self, running: Running) -> None:
        """Remove checkouts that no user will look into or resume; journals stay for ever."""
        sweep(self._project, running)

    def pushes(self, running: Running, deployment: str) -> Iterable[Record]:
        """Return a deployment's, newest first."""
        return pushes(self._project, running, deployment)

    def last_id(self) -> int:
        """Return the highest number that a push was ever given here; 0 if there was none."""
        return last_id(self._project)

    def create(self, plan: Plan, undoes: object) -> FileJournal:
        """Begin the journal of a push. Raise FileExistsError if its number is taken."""
        return FileJournal.create(self._project, plan.id, plan.snapshot(), code_files(plan))

    def reopen(self, plan: Plan) -> FileJournal:
        """Open the journal of a push that is resumed."""
        return FileJournal.open(self._project, plan.id, plan.deployment)

    def directory(self, number: int) -> Path:
        """Return the directory of a push, which exists if it was made here."""
        return journal_directory(self._project) / str(number)

    def plan(self, number: int, secrets: Mapping[str, str]) -> Plan | None:
        """Return the plan of a push, with today's `secrets`; None if it wasn't made here.

        Raise InputError if it can't be read, or a secret of then has no value now.
        """
        if not (self.directory(number) / "snapshot.json").exists():
            return None
        return load(self._project, number, secrets)


def code_files(plan: Plan) -> dict[str, str]:
    """Return the files of a push's stages/: the stages' code, and what runs those in Python."""
    code = {file_name(index, stage): stage.code for index, stage in enumerate(plan.stages)}
    if any(stage.language == "python" for stage in plan.stages):
        code[PYTHON_STAGE] = (
            files("bootstrapper.deploy.recipes")
            .joinpath("python_stage.py")
            .read_text(encoding="utf-8")
        )
    return code


def load(project: Path, number: int, secrets: Mapping[str, str]) -> Plan:
    """Return the plan of push `number`, with today's `secrets`. Raise InputError if it can't be."""
    directory = journal_directory(project) / str(number)
    try:
        kept = json.loads((directory / "snapshot.json").read_bytes())
        code = {
            index: (directory / "stages" / _file(index, stage)).read_text(encoding="utf-8")
            for index, stage in enumerate(kept["stages"])
        }
        return Plan.restored(kept, secrets, code)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            str(directory),
            f"the snapshot can't be read ({error})",
            f"{PROGRAM} pushes  # names its deployment: push that again",
        ) from error


def _file(index: int, stage: Mapping[str, Any]) -> str:
    known = {name: value for name, value in stage.items() if name in Stage.__dataclass_fields__}
    return file_name(index, Stage(code="", **known))
