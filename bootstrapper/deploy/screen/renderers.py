"""Renderers: what a push prints as plain text, raw, and on a terminal."""

import time

from bootstrapper.deploy.events.event import Output, State
from bootstrapper.deploy.screen.printable import printable
from bootstrapper.deploy.screen.stage_line import StageLine, shown
from bootstrapper.deploy.screen.style import Style
from bootstrapper.deploy.screen.terminal_filter import TerminalFilter
from bootstrapper.progress import REPAINT_SECONDS, Progress

SILENCE = 30.0  # seconds after which it says that it is alive


class PlainRenderer:
    """A line when a stage starts and one when it ends; with `failures_only`, if it failed."""

    def __init__(self, progress: Progress, *, failures_only: bool = False) -> None:
        self._progress = progress
        self._failures_only = failures_only
        self._printed_at = time.monotonic()

    def started(self, stage: StageLine) -> None:
        """It begins."""
        self.say(f"{stage.name} ..." if not self._failures_only else "")

    def output(self, stage: StageLine, output: Output) -> None:
        """It says something, which is shown if it fails."""

    def ended(self, stage: StageLine) -> None:
        """It has ended."""
        if stage.state is State.SKIPPED:
            words = [f"{stage.name}: {stage.reason() or 'skipped'}"]
        else:
            words = [
                f"{stage.name}: {stage.state} after {shown(stage.seconds())}",
                *filter(None, [stage.hosts, stage.reason()]),
            ]
        if not self._failures_only or stage.state in (State.FAILED, State.CANCELLED):
            self.say("\n".join([", ".join(words), *stage.last_words()]))

    def tick(self, stage: StageLine) -> None:
        """Time goes by while it runs."""
        if time.monotonic() - self._printed_at >= SILENCE and not self._failures_only:
            self.say(f"still running {stage.name}, {shown(stage.seconds())}")

    def say(self, text: str) -> None:
        """Lines that stay."""
        if text:
            self._progress.say(text)
            self._printed_at = time.monotonic()

    def clear(self) -> None:
        """Nothing moves here."""


class RawRenderer(PlainRenderer):
    """A rule where a stage starts, its bytes as far as they are safe, and a line where it ends."""

    def __init__(self, progress: Progress, style: Style) -> None:
        super().__init__(progress)
        self._style = style
        self._host = ""
        self._filters: dict[str, TerminalFilter] = {}
        self._open = False  # the last line shown has no newline yet

    def started(self, stage: StageLine) -> None:
        """It begins."""
        self._host = ""
        self._filters.clear()
        self.say(self._style.rule(stage.name))

    def output(self, stage: StageLine, output: Output) -> None:
        """It says something."""
        if output.host != self._host:
            self._host = output.host
            self.say(self._style.dim(f"[{printable(output.host)}]"))
        data = output.data
        if self._style.live:
            data = self._filters.setdefault(output.stream, TerminalFilter()).feed(data)
        self._progress.pass_on(data)
        self._open = not output.data.endswith(b"\n")
        self._printed_at = time.monotonic()

    def ended(self, stage: StageLine) -> None:
        """It has ended."""
        self.say(self._style.reset + self._style.end(stage))

    def say(self, text: str) -> None:
        """A line that stays."""
        super().say("\n" + text if self._open else text)
        self._open = False


FRAMES_PER_SECOND = 10


class TerminalRenderer(PlainRenderer):
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
