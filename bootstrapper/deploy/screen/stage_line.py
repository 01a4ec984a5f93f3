"""One line about a stage: its name, its hosts, its time and its last output."""

import time
from collections import deque
from collections.abc import Sequence

from bootstrapper.deploy.events.event import Output, StageEnded, StageStarted, State, Stream
from bootstrapper.deploy.screen.printable import printable

GRAVEST_FIRST = (State.FAILED, State.CANCELLED, State.SUCCEEDED, State.SKIPPED)


class StageLine:
    """A stage of a push on the screen; `total` is the number of its hosts, 0 if it runs once."""

    def __init__(self, name: str, total: int = 0) -> None:
        self.name = printable(name)
        self._total = total
        self._running: dict[str, float] = {}  # host: since when, by time.monotonic
        self._done: set[str] = set()
        self._ended: dict[str, StageEnded] = {}
        self._tails: dict[str, OutputTail] = {}
        self._spoke = ""  # the host that did last

    def start(self, event: StageStarted) -> None:
        """It begins, on one of its hosts."""
        if not self._running:
            self._ended = {}
        self._running[event.host] = time.monotonic()
        self._tails[event.host] = OutputTail()

    def hear(self, event: Output) -> None:
        """It says something."""
        self._tails.setdefault(event.host, OutputTail()).add(event)
        self._spoke = event.host

    def end(self, event: StageEnded) -> bool:
        """It ends, on one of its hosts; true if it runs on none any more."""
        self._running.pop(event.host, None)
        self._ended[event.host] = event
        if event.state is State.SUCCEEDED:
            self._done.add(event.host)
        return not self._running

    @property
    def state(self) -> State:
        """How it ended, the gravest of its hosts' ends."""
        states = {event.state for event in self._ended.values()}
        return next(state for state in GRAVEST_FIRST if state in states)

    @property
    def hosts(self) -> str:
        """`3/5 hosts` of them have done it; empty where it runs just once."""
        per_host = any(self._running) or any(self._ended)
        return f"{len(self._done)}/{self._total} hosts" if per_host and self._total else ""

    def seconds(self) -> float:
        """For how long it has run, or ran on the slowest host."""
        if self._running:
            return time.monotonic() - min(self._running.values())
        return max((event.seconds for event in self._ended.values()), default=0.0)

    def last_output(self) -> str:
        """Return the last line of its output."""
        tail = self._tails.get(self._spoke)
        text = printable(tail.last()).strip() if tail else ""
        return f"{printable(self._spoke)}: {text}" if text and self._spoke else text

    def reason(self) -> str:
        """Return why it did not succeed; several hosts with one reason count once."""
        reasons: dict[str, list[str]] = {}
        for host, event in self._ended.items():
            if event.state is self.state and event.state is not State.SUCCEEDED:
                reason = event.reason or ("" if event.exit is None else f"exit status {event.exit}")
                reasons.setdefault(printable(reason), []).append(printable(host))
        return "; ".join(
            f"{', '.join(hosts)}: {reason}" if any(hosts) else reason
            for reason, hosts in reasons.items()
        )

    def last_words(self) -> Sequence[str]:
        """Return the last lines of each host where it failed; `!` marks those of stderr."""
        words = []
        for host, event in self._ended.items():
            tail = self._tails.get(host)
            if event.state not in (State.FAILED, State.CANCELLED) or not tail:
                continue
            if host and tail.lines:
                words.append(f"    {printable(host)}:")
            words += [
                f"    {'!' if stream is Stream.STDERR else '|'} {printable(line)}".rstrip()
                for stream, line in tail.lines
            ]
        return words


def shown(seconds: float) -> str:
    """`12.3 s`, from a minute on `1:30`, from an hour on `1:02:03`."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


LINES = 20
# Of a line that never ends as much is kept as any window shows.
LONGEST = 4096


class OutputTail:
    """`lines` are (stream, line without its newline), the last at most `LINES`."""

    def __init__(self) -> None:
        self.lines: deque[tuple[Stream, bytes]] = deque(maxlen=LINES)
        self._open = False

    def add(self, output: Output) -> None:
        """Some more of what the stage says."""
        data = output.data[-LINES * LONGEST :]
        *whole, rest = data.rsplit(b"\n", LINES + 1)
        parts = whole + ([rest] if rest else [])
        if self._open and parts and self.lines and self.lines[-1][0] is output.stream:
            parts[0] = self.lines.pop()[1] + parts[0]
        self.lines.extend((output.stream, part[-LONGEST:]) for part in parts[-LINES:])
        self._open = bool(rest)

    def last(self) -> bytes:
        """Return the last line that says something."""
        return next((line for _, line in reversed(self.lines) if line.strip()), b"")
