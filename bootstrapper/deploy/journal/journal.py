"""Write the journal of a push so that it is readable even if the process dies at any instant.

`.deploy/pushes/<id>/` holds `snapshot.json`, `stages/` (the code), `output.log` (the output of
stages), `events.jsonl` (events, and the time and stage of each piece of output.log),
`result.json` (the push's record, once it has ended) and `cancel` (the user who cancelled it).
"""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from bootstrapper.deploy.events.event import (
    Event,
    Output,
    PushEnded,
    StageEnded,
    StageEvent,
    Stream,
)
from bootstrapper.deploy.events.record import Record, fold
from bootstrapper.deploy.journal import event_line
from bootstrapper.deploy.journal.append_file import AppendFile
from bootstrapper.deploy.journal.event_line import Span
from bootstrapper.deploy.machine.directory import deploy_directory
from bootstrapper.errors import InputError, WorkFailed, refused
from bootstrapper.program import PROGRAM

# The files of a journal; docs/reference.md prints this table.
FILES = {
    "snapshot.json": "the push before it started; written whole before the first stage runs",
    "stages/": "the code of its stages",
    "output.log": "the output of all stages, with secrets masked",
    "events.jsonl": "the events of the push, one a line",
    "result.json": "the push after it ended, with the keys of a push",
    "cancel": "who asked to cancel the push",
    "checkout/": "`CHECKOUT_DIR`. A later push removes it, unless it belongs to the last push and "
    "that push did not succeed",
}

# Bytes that are freed when the disk is full, so that the end of a push still fits.
ROOM = 64 * 1024


def journal_directory(project: Path) -> Path:
    """Return the directory of a project's journals."""
    return project / ".deploy" / "pushes"


class FileJournal:
    """The journal of one push, open for writing, in `directory`; `snapshot` is the push's plan.

    When `write` returns, the kernel has the event; the data of output is written before the line that
    indexes it. The end of a stage syncs both files to the disk. The first write that a full disk
    refuses raises WorkFailed. Later ones keep what fits, so that the push can end in order.
    """

    def __init__(self, directory: Path, snapshot: Mapping[str, Any]) -> None:
        self.directory = directory
        self.snapshot = snapshot
        self._broken = False
        self._open_line: tuple[int, str, Stream] | None = None  # whose line output.log ends within
        self._output = AppendFile(directory / "output.log")
        self._events = AppendFile(directory / "events.jsonl")
        with (directory / "room").open("wb") as room:
            room.write(bytes(ROOM))

    @classmethod
    def create(
        cls, project: Path, number: int, snapshot: Mapping[str, Any], code_files: Mapping[str, str]
    ) -> Self:
        """Begin the journal of push `number`: FileExistsError if another push has that number.

        Making the directory is what reserves it. `code_files` go into stages/, by name. Nothing
        is left behind where the disk refuses.
        """
        directory = journal_directory(project) / str(number)
        try:
            deploy_directory(project, "pushes")
            directory.mkdir(mode=0o700)
        except FileExistsError:
            raise
        except OSError as error:
            raise refused(
                error, directory, again=f"{PROGRAM} deploy {snapshot['deployment']}"
            ) from error
        try:
            (directory / "stages").mkdir(mode=0o700)
            for name, code in code_files.items():
                file = directory / "stages" / name
                file.write_text(code, encoding="utf-8", newline="")
                file.chmod(0o700)
            _write_whole(directory / "snapshot.json", snapshot)
            return cls(directory, snapshot)
        except OSError as error:
            shutil.rmtree(directory, ignore_errors=True)
            raise refused(
                error, directory, again=f"{PROGRAM} deploy {snapshot['deployment']}"
            ) from error

    @classmethod
    def open(cls, project: Path, number: int, deployment: str = "") -> Self:
        """The journal of a push that is resumed, ready for what comes next.

        This repairs it first: it removes a line that the runner had not finished when it died, and
        gives output that no event indexes to the stage that ran.
        """
        directory = journal_directory(project) / str(number)
        try:
            snapshot = json.loads((directory / "snapshot.json").read_bytes())
        except (OSError, ValueError) as error:
            raise InputError(
                str(directory),
                f"push {number} can't be resumed: its snapshot is missing or damaged",
                f"{PROGRAM} deploy {deployment}".rstrip(),
            ) from error
        try:
            for stale in ("result.json", "cancel"):
                (directory / stale).unlink(missing_ok=True)
            journal = cls(directory, snapshot)
            journal._repair()
            return journal
        except OSError as error:
            raise refused(
                error, directory, again=f"{PROGRAM} resume {snapshot['deployment']}"
            ) from error

    def record(self) -> Record:
        """Return the record of the push as it is now."""
        return fold(self.snapshot, events(self.directory))

    def write(self, event: Event) -> None:
        """Keep one more event."""
        try:
            if isinstance(event, Output):
                self._write_output(event)
            else:
                self._events.append(event_line.encoded(event))
            if isinstance(event, StageEnded | PushEnded):
                self._output.sync()
                self._events.sync()
        except OSError as error:
            self._give_up_room()
            if not isinstance(event, Output):
                self._try_again(event)
            if not self._broken:
                self._broken = True
                raise self._refused(error) from error

    def finish(self, record: Record) -> None:
        """Keep how the push ended, and close the journal."""
        self._give_up_room()
        self._output.close()
        self._events.close()
        try:
            _write_whole(self.directory / "result.json", record.to_json())
        except OSError as error:
            if not self._broken:
                raise self._refused(error) from error

    def cancelled(self) -> str:
        """Return the user who cancelled the push, in words; empty if none did."""
        try:
            return (self.directory / "cancel").read_text(encoding="utf-8") or "cancelled"
        except FileNotFoundError:
            return ""

    def _write_output(self, event: Output) -> None:
        source = (event.stage, event.host, event.stream)
        between = b"\n" if self._open_line not in (None, source) else b""
        offset = self._output.append(event.data, after=between)
        self._open_line = None if event.data.endswith(b"\n") else source
        self._events.append(event_line.span(event, offset))

    def _repair(self) -> None:
        happened = list(events(self.directory, spans=True))
        self._events.cut(after=b"\n")
        spans = [event for event in happened if isinstance(event, Span)]
        indexed = spans[-1].offset + spans[-1].length if spans else 0
        size = self._output.size
        if size > indexed:
            last = next(
                (event for event in reversed(happened) if isinstance(event, StageEvent)), None
            )
            rest = Span(
                at=happened[-1].at if happened else 0.0,
                stage=last.stage if last else 0,
                host=last.host if last else "",
                stream=Stream.STDOUT,
                offset=indexed,
                length=size - indexed,
            )
            self._events.append(event_line.encoded(rest))
            spans.append(rest)
        if spans and not self._output.ends_with(b"\n"):
            self._open_line = (spans[-1].stage, spans[-1].host, spans[-1].stream)

    def _give_up_room(self) -> None:
        (self.directory / "room").unlink(missing_ok=True)

    def _try_again(self, event: Event) -> None:
        try:
            self._events.append(event_line.encoded(event))
        except OSError:
            self._broken = True  # the reader sees the push as lost, as far as it was written

    def _refused(self, error: OSError) -> WorkFailed:
        return refused(
            error, self.directory, again=f"{PROGRAM} resume {self.snapshot['deployment']}"
        )


def ask_to_cancel(directory: Path, who: str) -> None:
    """Ask the runner of the push of that journal to cancel it; `who` is the user who asked."""
    _write_text(directory / "cancel", f"cancelled by {who}")


def events(directory: Path, *, spans: bool = False) -> list[Event]:
    """Return the events that a journal holds; with `spans` also the index of its output."""
    try:
        *lines, _torn = (directory / "events.jsonl").read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    decoded = (
        event_line.decoded(line)
        for line in lines
        if spans or not line.startswith(event_line.SPAN_BEGINS)
    )
    return [event for event in decoded if event is not None]


def _write_whole(path: Path, data: Mapping[str, Any]) -> None:
    _write_text(path, json.dumps(data, indent=1) + "\n", sync=True)


def _write_text(path: Path, text: str, *, sync: bool = False) -> None:
    """Write `path` such that it is there whole or not at all."""
    beside = path.with_name(path.name + ".new")
    try:
        with beside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            if sync:
                os.fsync(file.fileno())
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
