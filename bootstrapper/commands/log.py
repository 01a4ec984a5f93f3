"""`log`: print the output of a push's stages, and follow it while the push runs."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import chain
from pathlib import Path

from bootstrapper.commands.output import write
from bootstrapper.commands.parsers import Subparsers, project_parser
from bootstrapper.deploy.definition import reader
from bootstrapper.deploy.events.event import Event, Note, StageStarted, Stream
from bootstrapper.deploy.events.record import Record
from bootstrapper.deploy.events.times import iso_time
from bootstrapper.deploy.journal import store
from bootstrapper.deploy.journal.journal import journal_directory
from bootstrapper.deploy.journal.log_reader import LogReader, Piece, Selection
from bootstrapper.deploy.screen.printable import printable
from bootstrapper.deploy.screen.style import Style
from bootstrapper.deploy.screen.terminal_filter import TerminalFilter
from bootstrapper.errors import InputError
from bootstrapper.program import PROGRAM
from bootstrapper.quoting import joined, quoted
from bootstrapper.spelling import did_you_mean, nearest

# The keys of `log --json`; docs/reference.md prints this table.
KEYS = {
    "at": "when the line arrived",
    "stage": "the name of the stage",
    "host": "the host; empty for a stage that runs once",
    "stream": "`stdout` or `stderr`",
    "offset": "where the line begins in output.log, in bytes",
    "text": "the line",
    "open": "true if the line goes on in the next object of its stage, host and stream",
}


def add(commands: Subparsers, program: str) -> None:
    """Add the command."""
    command = commands.add_parser(
        "log",
        parents=[project_parser()],
        allow_abbrev=False,
        usage=f"{program} log [DEPLOYMENT] [PUSH] [-f] [--stage NAME] [--stdout | --stderr] "
        "[--timestamps] [--tail N] [--json]",
        help="print the output of a push (default: the last one made from this directory)",
    )
    command.add_argument(
        "words",
        nargs="*",
        metavar="DEPLOYMENT | PUSH",
        help="a deployment's name, a push's number, or both",
    )
    command.add_argument(
        "-f",
        dest="follow",
        action="store_true",
        help="follow: print new output, too, until the push ends",
    )
    command.add_argument("--stage", default="", metavar="NAME", help="only of this stage")
    stream = command.add_mutually_exclusive_group()
    for each in Stream:
        stream.add_argument(
            f"--{each}", dest="stream", action="store_const", const=each, help=f"only {each}"
        )
    command.add_argument(
        "--timestamps",
        action="store_true",
        help="print the time and the stage before each line; ! is stderr",
    )
    command.add_argument(
        "--tail", type=_number, default=None, metavar="N", help="only the last N lines"
    )
    command.add_argument("--json", action="store_true", help="print JSON: an object for each line")
    command.set_defaults(run=_log)


def _log(options: argparse.Namespace) -> int:
    project = options.project.resolve()
    record = _chosen(project, options.words)
    running = store.by_lock(project)

    def runs() -> bool:
        return running(record.deployment) in (0, record.id)

    reader = LogReader(
        journal_directory(project) / str(record.id),
        Selection(stages=_stages(record, options.stage), stream=options.stream),
    )
    start = 0
    events: Iterable[Event] = ()
    if options.tail is not None:
        events = reader.tail(options.tail)
        start = events[-1].end if events else reader.size()
    if options.tail is None or options.follow:
        events = chain(
            events, reader.events_from(start=start, running=runs if options.follow else None)
        )
    names = [stage.name for stage in record.stages]
    write(_shown(options, events, names))
    return 0


def _chosen(project: Path, words: list[str]) -> Record:
    """Return the push that the words of the command line name."""
    numbers = [word for word in words if word.isdecimal()]
    names = [word for word in words if not word.isdecimal()]
    if len(numbers) > 1 or len(names) > 1:
        raise InputError(
            "log",
            "takes a deployment's name and a push's number",
            f"{PROGRAM} log {joined([*names[:1], *numbers[:1]])}",
        )
    running = store.by_lock(project)
    if numbers:
        record = store.push(project, int(numbers[0]), running)
        if record and names in ([], [record.deployment]):
            return record
        raise InputError(
            f"push {numbers[0]}" + "".join(f" of {name}" for name in names),
            "was not made from this directory; its output is in the one that it was made from",
            f"{PROGRAM} pushes  # lists each with its user and machine",
        )
    name = names[0] if names else _default(project)
    record = next(store.pushes(project, running, name), None)
    if record is None:
        if name:
            reader.read(project).deployment(name)  # says so if there is no such deployment
        raise InputError(
            name or "log",
            "nothing was pushed from here yet",
            f"{PROGRAM} deploy {name or ''}".rstrip(),
        )
    return record


def _default(project: Path) -> str | None:
    """Return the default deployment; None if the file can't be read."""
    try:
        return reader.read(project).deployment().name
    except InputError:
        return None


def _stages(record: Record, name: str) -> list[int] | None:
    if not name:
        return None
    names = [stage.name for stage in record.stages]
    if name not in names:
        raise InputError(
            f"push {record.id}",
            f'has no stage "{name}"{did_you_mean(name, names)}',
            f"{PROGRAM} log {record.id} --stage {quoted(nearest(name, names) or names[0])}"
            f"  # or one of: {', '.join(names)}",
        )
    return [names.index(name)]


def _shown(
    options: argparse.Namespace, events: Iterable[Event], names: list[str]
) -> Iterator[bytes]:
    if options.json:
        return _as_json(events, names)
    if options.timestamps:
        return _safe(_by_line(events, lambda piece: _stamp(piece, names)))
    style = Style(sys.stdout)
    if style.live and not options.stage and options.tail is None:
        return _safe(_with_rules(events, names, style))
    return _safe(_by_line(events, None))


def _safe(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the bytes as a terminal may get them; those of a file or a pipe are unchanged."""
    if not sys.stdout.isatty():
        return pieces
    return map(TerminalFilter().feed, pieces)


def _by_line(events: Iterable[Event], before: Callable[[Piece], bytes] | None) -> Iterator[bytes]:
    """Yield the output's bytes; each line begins with `before`, and none goes on in another source's."""
    last: Piece | None = None  # the one whose last line is open
    for piece in events:
        if not isinstance(piece, Piece) or not piece.data:
            continue
        goes_on = last is not None and last.source == piece.source
        if last and not goes_on:
            yield b"\n"
        if before is None:
            yield piece.data
        else:
            stamp = before(piece)
            joined = stamp.join([b"", *piece.lines()])
            yield joined[len(stamp) :] if goes_on else joined
        last = None if piece.data.endswith(b"\n") else piece


def _stamp(piece: Piece, names: list[str]) -> bytes:
    at = datetime.fromtimestamp(piece.at).isoformat(" ", timespec="milliseconds")
    mark = "!" if piece.stream is Stream.STDERR else "|"
    return f"{at} {_source(piece, names)} {mark} ".encode()


def _source(piece: Piece, names: list[str]) -> str:
    name = names[piece.stage] if piece.stage < len(names) else str(piece.stage)
    return printable(f"{name}@{piece.host}" if piece.host else name)


def _with_rules(events: Iterable[Event], names: list[str], style: Style) -> Iterator[bytes]:
    """Yield the output for a terminal, with a rule at the start of each stage and the engine's notes."""

    def ruled() -> Iterator[Event]:
        shown = -1
        for event in events:
            line = ""
            if isinstance(event, StageStarted) and event.stage != shown:
                shown = event.stage
                line = style.reset + style.rule(printable(names[event.stage]))
            elif isinstance(event, Note):
                line = style.dim(f"  {printable(event.text)}")
            yield _ours(event.at, line) if line else event

    return _by_line(ruled(), None)


def _ours(at: float, line: str) -> Piece:
    data = (line + "\n").encode(sys.stdout.encoding or "utf-8", "replace")
    # Of no stage: it goes on with nobody's line.
    return Piece(
        at=at, stage=-1, host="", stream=Stream.STDOUT, offset=0, length=len(data), data=data
    )


def _as_json(events: Iterable[Event], names: list[str]) -> Iterator[bytes]:
    for piece in events:
        if isinstance(piece, Piece):
            offset = piece.offset
            for line in piece.lines():
                fields = {
                    "at": iso_time(piece.at),
                    "stage": names[piece.stage],
                    "host": piece.host,
                    "stream": str(piece.stream),
                    "offset": offset,
                    "text": line.removesuffix(b"\n").decode(errors="replace"),
                    "open": not line.endswith(b"\n"),
                }
                offset += len(line)
                yield json.dumps(fields).encode() + b"\n"


def _number(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)
