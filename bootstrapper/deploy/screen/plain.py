"""A push in plain lines, as a build server's log or a file has them."""

import time

from bootstrapper.deploy.event import Output, State
from bootstrapper.deploy.screen.stage_line import StageLine, shown
from bootstrapper.progress import Progress

SILENCE = 30.0  # seconds after which it says that it is alive


class Plain:
    """A line when a stage starts and one when it ends; with `failures_only`, if it failed."""

    def __init__(self, progress: Progress, *, failures_only: bool = False) -> None:
        self._progress = progress
        self._failures_only = failures_only
        self._said = time.monotonic()

    def started(self, stage: StageLine) -> None:
        """It begins."""
        self.say(f"{stage.name} ..." if not self._failures_only else "")

    def output(self, stage: StageLine, output: Output) -> None:
        """It says something, which is shown if it fails."""

    def ended(self, stage: StageLine) -> None:
        """It has ended."""
        if stage.state is State.SKIPPED:
            told = [f"{stage.name}: {stage.reason() or 'skipped'}"]
        else:
            told = [f"{stage.name}: {stage.state} after {shown(stage.seconds())}",
                    *filter(None, [stage.hosts, stage.reason()])]
        if not self._failures_only or stage.state in (State.FAILED, State.CANCELLED):
            self.say("\n".join([", ".join(told), *stage.last_words()]))

    def tick(self, stage: StageLine) -> None:
        """Time goes by while it runs."""
        if time.monotonic() - self._said >= SILENCE and not self._failures_only:
            self.say(f"still running {stage.name}, {shown(stage.seconds())}")

    def say(self, text: str) -> None:
        """Lines that stay."""
        if text:
            self._progress.say(text)
            self._said = time.monotonic()

    def clear(self) -> None:
        """Nothing moves here."""
