"""A push on a terminal: a line per stage, of which the last one moves."""

import time

from bootstrapper.deploy.event import Output, State
from bootstrapper.deploy.screen.plain import Plain
from bootstrapper.deploy.screen.stage_line import StageLine
from bootstrapper.deploy.screen.style import Style
from bootstrapper.progress import REPAINT_SECONDS, Progress

FRAMES_PER_SECOND = 10


class Terminal(Plain):
    """A spinner, the seconds and what the stage says while it runs; its end stays."""

    def __init__(self, progress: Progress, style: Style) -> None:
        super().__init__(progress)
        self._style = style
        self._painted = 0.0
        self._shown = 0  # columns of the moving line

    def started(self, stage: StageLine) -> None:
        """It begins."""
        self._paint(stage)

    def output(self, stage: StageLine, output: Output) -> None:
        """It says something."""
        self.tick(stage)

    def ended(self, stage: StageLine) -> None:
        """It has ended."""
        self.say(self._style.end(stage))
        if stage.state in (State.FAILED, State.CANCELLED):
            for words in stage.last_words():
                self.say(words if words.lstrip().startswith("!") else self._style.dim(words))

    def tick(self, stage: StageLine) -> None:
        """Time goes by while it runs."""
        if time.monotonic() - self._painted >= REPAINT_SECONDS:
            self._paint(stage)

    def say(self, text: str) -> None:
        """A line that stays."""
        self.clear()
        super().say(text)

    def clear(self) -> None:
        """Take the moving line away."""
        if self._shown:
            self._progress.paint(self._up())
            self._shown = 0

    def _paint(self, stage: StageLine) -> None:
        self._painted = time.monotonic()
        up = self._up()
        line, self._shown = self._style.running(stage, int(self._painted * FRAMES_PER_SECOND))
        self._progress.paint(up + line)

    def _up(self) -> str:
        """From a narrowed window, in which the line has been broken, back to where it began."""
        rows = max(self._shown - 1, 0) // self._style.width()
        return f"\x1b[{rows}A\r\x1b[J" if rows else ""
