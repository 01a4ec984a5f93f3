"""The last lines that a stage said, however much it says."""

from collections import deque

from bootstrapper.deploy.event import Output, Stream

LINES = 20
# Of a line that never ends as much is kept as any window shows.
LONGEST = 4096


class Tail:
    """`lines` are (stream, line without its newline), the last at most `LINES`."""

    def __init__(self) -> None:
        self.lines: deque[tuple[Stream, bytes]] = deque(maxlen=LINES)
        self._open = False

    def add(self, output: Output) -> None:
        """Some more of what the stage says."""
        data = output.data[-LINES * LONGEST:]
        *whole, rest = data.rsplit(b"\n", LINES + 1)
        parts = whole + ([rest] if rest else [])
        if self._open and parts and self.lines and self.lines[-1][0] is output.stream:
            parts[0] = self.lines.pop()[1] + parts[0]
        self.lines.extend((output.stream, part[-LONGEST:]) for part in parts[-LINES:])
        self._open = bool(rest)

    def last(self) -> bytes:
        """The last line that says something."""
        return next((line for _, line in reversed(self.lines) if line.strip()), b"")
