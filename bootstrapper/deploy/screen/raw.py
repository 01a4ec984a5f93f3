"""A push with everything that its stages say, as they say it (`-v`)."""

import time

from bootstrapper.deploy.event import Output
from bootstrapper.deploy.screen.plain import Plain
from bootstrapper.deploy.screen.printable import printable
from bootstrapper.deploy.screen.stage_line import StageLine
from bootstrapper.deploy.screen.style import Style
from bootstrapper.deploy.screen.terminal_filter import TerminalFilter
from bootstrapper.progress import Progress


class Raw(Plain):
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
        self._said = time.monotonic()

    def ended(self, stage: StageLine) -> None:
        """It has ended."""
        self.say(self._style.reset + self._style.end(stage))

    def say(self, text: str) -> None:
        """A line that stays."""
        super().say("\n" + text if self._open else text)
        self._open = False
