"""Limit the output that a push records: its beginning, and the end of each stage's output.

A stage can write faster than a disk can be cleared. The setting OUTPUT_LIMIT bounds what a push
adds to its journal, in the project's files or in Rolf's database.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import replace

from bootstrapper.deploy.events import size
from bootstrapper.deploy.events.event import Event, Note, Output, PushEnded, StageEnded

SETTING = "OUTPUT_LIMIT"
DEFAULT = "200 MB"
SMALLEST = 10**6
# An event is kept with its time, stage and stream: about so many bytes, however short its text.
_EVENT = 160
_END = 10**6  # bytes of the end of a stage, at most


class OutputLimit:
    """Passes on a push's events; of output, no more than `limit` bytes altogether.

    Three quarters are for the beginning. Then the end of each stage waits in memory until the
    stage ends, at most a MB of it, and follows a line that says how much was left out.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._beginning = limit - limit // 4
        self._ends = limit // 4
        self._used = self._events = 0
        self._over = False
        self._waiting: dict[tuple[int, str], _End] = {}

    def pass_on(self, event: Event) -> Iterator[Event]:
        """Yield what is to be kept now."""
        if isinstance(event, Output):
            yield from self._output(event)
            return
        if isinstance(event, StageEnded):
            yield from self._end(event.at, (event.stage, event.host))
        elif isinstance(event, PushEnded):
            for source in list(self._waiting):
                yield from self._end(event.at, source)
        yield event

    def _output(self, event: Output) -> Iterator[Event]:
        if not self._over:
            self._used += len(event.data)
            self._events += _EVENT
            if max(self._used, self._events) <= self._beginning:
                yield event
                return
            self._over = True
            yield Note(
                at=event.at,
                stage=event.stage,
                host=event.host,
                text=f"the push has reached {SETTING} = {size.render(self._limit)}: from "
                "here on the log keeps only the end of each stage's output",
            )
        source = (event.stage, event.host)
        if source not in self._waiting:
            self._waiting[source] = _End(min(_END, self._ends // (2 + len(self._waiting))))
        self._waiting[source].add(event)

    def _end(self, at: float, source: tuple[int, str]) -> Iterator[Event]:
        end = self._waiting.pop(source, None)
        if end is None:
            return
        if end.left_out:
            first = end.events[0]
            yield replace(
                first,
                data=(
                    f"[{size.render(end.left_out)} of output left out here: {SETTING} = "
                    f"{size.render(self._limit)} for the whole push]\n"
                ).encode(),
            )
        for event in end.events:
            self._ends -= max(len(event.data), _EVENT)
            yield event
        self._ends = max(self._ends, 0)


class _End:
    """The last events of a stage, up to `room` bytes."""

    def __init__(self, room: int) -> None:
        self.events: deque[Output] = deque()
        self.left_out = 0
        self._room = max(room, 4 * _EVENT)
        self._size = 0

    def add(self, event: Output) -> None:
        """One more."""
        if (over := len(event.data) - self._room // 2) > 0:
            newline = event.data.find(b"\n", over, -1)
            cut = newline + 1 if newline >= 0 else over
            self.left_out += cut
            event = replace(event, data=event.data[cut:])
        self.events.append(event)
        self._size += max(len(event.data), _EVENT)
        while self._size > self._room and len(self.events) > 1:
            gone = self.events.popleft()
            self._size -= max(len(gone.data), _EVENT)
            self.left_out += len(gone.data)


def check(value: object) -> None:
    """Raise ValueError, in words, if that is no limit."""
    limit = size.parse(value) if isinstance(value, str) else None
    if limit is None or limit < SMALLEST:
        raise ValueError(
            f"{SETTING} takes a size such as {size.EXAMPLES}, {size.render(SMALLEST)} at least"
        )


def of(settings: Mapping[str, str]) -> OutputLimit:
    """Return the limit that a push's settings name, or the usual one."""
    return OutputLimit(size.parse(settings.get(SETTING) or DEFAULT) or SMALLEST)
