"""Read the output of a push: by stage and stream, with times, from an offset, while it runs.

Output is read in pieces, as it arrived, and a piece has lines:

    reader = LogReader(directory, Selection(stages={3}))
    reader.pieces()                       # the whole output
    reader.pieces(start=piece.end)        # the output after a piece, without reading what is before
    reader.tail(20)                       # the last lines, likewise
    reader.events_from(running=...)       # all events with their output, then those that come

Memory stays flat: a piece is at most what one `Output` event brought.
"""

import os
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from bootstrapper.deploy.events.event import Event, PushEnded, PushStarted, StageEvent, Stream
from bootstrapper.deploy.journal import event_line
from bootstrapper.deploy.journal.event_line import Span

POLL_SECONDS = 0.1
# Whether a push's runner is alive costs more to find out than whether there is something new.
ALIVE_SECONDS = 1.0
BLOCK = 256 * 1024
# A bisection needs a line where it looks. Python 3.14 would read 128 KiB there.
BUFFER = 8 * 1024


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The output to read; None selects any. `stages` are indexes."""

    stages: Collection[int] | None = None
    stream: Stream | None = None
    host: str | None = None

    def __contains__(self, span: Span) -> bool:
        return (
            (self.stages is None or span.stage in self.stages)
            and self.stream in (None, span.stream)
            and self.host in (None, span.host)
        )


@dataclass(frozen=True, kw_only=True)
class Piece(Span):
    """Output that arrived together: output.log from `offset` to `end`."""

    data: bytes

    @property
    def end(self) -> int:
        """The offset where the next piece may begin."""
        return self.offset + self.length

    @property
    def source(self) -> tuple[int, str, Stream]:
        """Whose output it is: an open line goes on only in a piece of the same."""
        return self.stage, self.host, self.stream

    def lines(self) -> list[bytes]:
        """Return each with its newline; the last has none where it is open."""
        *whole, rest = self.data.split(b"\n")
        return [line + b"\n" for line in whole] + ([rest] if rest else [])


class LogReader:
    """Reads the output of the push whose journal is in `directory`."""

    def __init__(self, directory: Path, selection: Selection | None = None) -> None:
        self._directory = directory
        self._selection = selection or Selection()

    def pieces(self, start: int = 0) -> Iterator[Piece]:
        """Yield the output from offset `start` on; data that no event indexes comes last."""
        return (event for event in self.events_from(start=start) if isinstance(event, Piece))

    def events_from(
        self, *, start: int = 0, running: Callable[[], bool] | None = None
    ) -> Iterator[Event]:
        """Yield the push's events from where output.log had reached `start`, the output as pieces.

        With `running`, it then yields what comes until the push ends, or `running` says that it does not run.
        """
        end = 0
        last: StageEvent | None = None
        with _Output(self._directory) as output:
            for event in self._events(start, running):
                last = event if isinstance(event, StageEvent) else last
                if not isinstance(event, Span):
                    yield event
                    continue
                end = event.offset + event.length
                if end > start and event in self._selection:
                    yield output.piece(event, start)
            rest = _not_indexed(last, end, output.size())
            if rest and rest.length + rest.offset > start and rest in self._selection:
                yield output.piece(rest, start)

    def size(self) -> int:
        """Return the size of output.log."""
        with _Output(self._directory) as output:
            return output.size()

    def tail(self, count: int) -> list[Piece]:
        """Return the pieces that hold the last `count` lines, the first of them cut to begin with one."""
        found: list[Piece] = []
        with _Output(self._directory) as output:
            for span in self._backwards(output) if count > 0 else ():
                piece = output.piece(span)
                # Where another source comes after an open line, it ends there.
                if not piece.data.endswith(b"\n") and (
                    not found or found[-1].source != piece.source
                ):
                    if count == 0:
                        break
                    count -= 1
                ends = piece.data.count(b"\n")
                if ends > count:
                    cut = len(piece.data)
                    for _ in range(count + 1):
                        cut = piece.data.rfind(b"\n", 0, cut)
                    if cut + 1 < len(piece.data):
                        found.append(output.piece(span, piece.offset + cut + 1))
                    break
                found.append(piece)
                count -= ends
        return found[::-1]

    def _events(self, start: int, running: Callable[[], bool] | None) -> Iterator[Event]:
        """Yield those that are there and, while the push runs, those that come."""
        over, looked, alive = False, 0.0, running is not None
        try:
            file = (self._directory / "events.jsonl").open("rb", buffering=BUFFER)
        except FileNotFoundError:  # its runner died before it began
            return
        with file:
            _seek(file, start)
            while True:
                torn = b""
                while block := file.read(BLOCK):
                    *lines, torn = (torn + block).split(b"\n")
                    for event in filter(None, map(event_line.decoded, lines)):
                        if isinstance(event, PushEnded | PushStarted):
                            over = isinstance(event, PushEnded)
                        yield event
                file.seek(-len(torn), os.SEEK_CUR)
                if running is None or over or not alive:
                    return
                time.sleep(POLL_SECONDS)
                if time.monotonic() - looked > ALIVE_SECONDS:
                    looked = time.monotonic()
                    alive = running()  # if not, what it wrote before it died is read once more

    def _backwards(self, output: "_Output") -> Iterator[Span]:
        """Yield the spans that were asked for, the last first."""
        last: StageEvent | None = None
        indexed: int | None = None
        for line in _lines_backwards(self._directory / "events.jsonl"):
            event = event_line.decoded(line)
            last = last or (event if isinstance(event, StageEvent) else None)
            if not isinstance(event, Span):
                continue
            if indexed is None:
                indexed = event.offset + event.length
                if (rest := _not_indexed(last, indexed, output.size())) and rest in self._selection:
                    yield rest
            if event in self._selection:
                yield event
        if (
            indexed is None
            and (rest := _not_indexed(last, 0, output.size()))
            and rest in self._selection
        ):
            yield rest


class _Output:
    """output.log, where there is one."""

    def __init__(self, directory: Path) -> None:
        try:
            self._file: int | None = os.open(directory / "output.log", os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            self._file = None

    def size(self) -> int:
        return 0 if self._file is None else os.fstat(self._file).st_size

    def piece(self, span: Span, start: int = 0) -> Piece:
        """Return the span's data, from offset `start` if that lies within it."""
        offset = max(start, span.offset)
        data = (
            b""
            if self._file is None
            else os.pread(self._file, span.length - (offset - span.offset), offset)
        )
        return Piece(
            at=span.at,
            stage=span.stage,
            host=span.host,
            stream=span.stream,
            offset=offset,
            length=len(data),
            data=data,
        )

    def __enter__(self) -> "_Output":
        return self

    def __exit__(self, *exception: object) -> None:
        if self._file is not None:
            os.close(self._file)


def _not_indexed(last: StageEvent | None, indexed: int, size: int) -> Span | None:
    """Return output that events.jsonl does not index, as output of the last stage."""
    if size <= indexed or last is None:
        return None
    return Span(
        at=last.at,
        stage=last.stage,
        host=last.host,
        stream=Stream.STDOUT,
        offset=indexed,
        length=size - indexed,
    )


def _seek(file: BinaryIO, start: int) -> None:
    """Move to the last span that begins at or before `start`, or a little before it, by bisection."""
    low, high = 0, os.fstat(file.fileno()).st_size if start > 0 else 0
    while high - low > BLOCK:
        middle = (low + high) // 2
        file.seek(middle)
        file.readline()
        span = None
        while span is None and file.tell() < high:
            position = file.tell()
            event = event_line.decoded(file.readline())
            span = event if isinstance(event, Span) else None
        if span and span.offset <= start:
            low = position
        else:
            high = middle
    file.seek(low)


def _lines_backwards(path: Path) -> Iterator[bytes]:
    """Yield a file's lines, the last first, without reading more of it than is asked for."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        end = file.seek(0, os.SEEK_END)
        rest = b""
        while end > 0:
            begin = max(0, end - BLOCK)
            rest = os.pread(file.fileno(), end - begin, begin) + rest
            first, *lines = rest.split(b"\n")
            yield from reversed(lines)
            rest, end = first, begin
        yield rest
