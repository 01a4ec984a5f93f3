"""The style of lines on a stream: colours, marks, width, encoding."""

import os
from typing import TextIO

from bootstrapper.deploy.events.event import State
from bootstrapper.deploy.screen.printable import cells, fitted
from bootstrapper.deploy.screen.stage_line import StageLine, shown

# Names longer than this push what follows to the right.
WIDEST_NAME = 32
NARROWEST = 20

_GREEN, _RED, _YELLOW, _DIM, _RESET = "\x1b[32m", "\x1b[31m", "\x1b[33m", "\x1b[2m", "\x1b[0m"
_COLOURS = {
    State.SUCCEEDED: _GREEN,
    State.FAILED: _RED,
    State.LOST: _RED,
    State.CANCELLED: _YELLOW,
    State.RUNNING: _YELLOW,
    State.SKIPPED: _DIM,
}
_MARKS = {State.SUCCEEDED: "✓", State.FAILED: "✗", State.SKIPPED: "–", State.CANCELLED: "■"}
_ASCII_MARKS = {State.SUCCEEDED: "+", State.FAILED: "x", State.SKIPPED: "-", State.CANCELLED: "!"}


class Style:
    """The style of lines for `stream`; the `names` of stages are aligned.

    `live` is whether its reader is a terminal that can repaint a line.
    """

    def __init__(self, stream: TextIO, names: tuple[str, ...] = ()) -> None:
        self._stream = stream
        self._names = min(max(map(cells, names), default=0), WIDEST_NAME)
        self.live = stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._coloured = self.live and not os.environ.get("NO_COLOR")
        self._unicode = (stream.encoding or "").lower().replace("-", "") == "utf8"
        self.frames = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏" if self._unicode else "|/-\\"
        self.more = "…" if self._unicode else "..."
        # After what may have left a colour behind.
        self.reset = _RESET if self._coloured else ""

    def width(self) -> int:
        """Columns of the terminal, which may change at any time."""
        try:
            # 0 if the terminal does not know its width.
            return max(os.get_terminal_size(self._stream.fileno()).columns or 80, NARROWEST)
        except (OSError, ValueError):
            return 80

    def coloured(self, state: State, text: str) -> str:
        """Return the text in the colour of a state."""
        return self._paint(_COLOURS.get(state, ""), text)

    def dim(self, text: str) -> str:
        """Return text that matters less."""
        return self._paint(_DIM, text)

    def rule(self, title: str) -> str:
        """Return a line across the terminal with a title in it."""
        dash = "─" if self._unicode else "-"
        width = self.width() if self.live else 60
        title = fitted(title, width - 8, more=self.more)
        return self.dim(f"{dash * 2} {title} {dash * (width - 5 - cells(title))}")

    def running(self, stage: StageLine, frame: int) -> tuple[str, int]:
        """Return the line of a stage that runs and its columns, fewer than the terminal's."""
        width = self.width() - 1
        head = f"{self.frames[frame % len(self.frames)]} {self._columns(stage)}"
        head = fitted(head, width, more=self.more)
        output = stage.last_output()
        output = fitted(f"  {output}" if output else "", width - cells(head), more=self.more)
        return head + self.dim(output), cells(head) + cells(output)

    def end(self, stage: StageLine) -> str:
        """Return the line of a stage that has ended."""
        marks = _MARKS if self._unicode else _ASCII_MARKS
        mark = self.coloured(stage.state, marks[stage.state])
        if stage.state is State.SKIPPED:
            return f"{mark} {self.dim(f'{self._named(stage)}  {stage.reason()}')}"
        reason = stage.reason()
        reason = f"  {self.coloured(stage.state, reason)}" if reason else ""
        return f"{mark} {self._columns(stage)}{reason}"

    def _columns(self, stage: StageLine) -> str:
        hosts = f"  {stage.hosts}" if stage.hosts else ""
        return f"{self._named(stage)}  {shown(stage.seconds()):>7}{hosts}"

    def _named(self, stage: StageLine) -> str:
        return stage.name + " " * (self._names - cells(stage.name))

    def _paint(self, colour: str, text: str) -> str:
        return f"{colour}{text}{_RESET}" if self._coloured and colour and text else text
