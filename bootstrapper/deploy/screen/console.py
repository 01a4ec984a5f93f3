"""The terminal of a push: send its events to a renderer, and ask the user questions."""

import os
import select
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TextIO

from bootstrapper import plain_text
from bootstrapper.deploy.events.event import (
    Event,
    Note,
    Output,
    StageEnded,
    StageEvent,
    StageStarted,
)
from bootstrapper.deploy.screen.printable import printable
from bootstrapper.deploy.screen.renderers import PlainRenderer, RawRenderer, TerminalRenderer
from bootstrapper.deploy.screen.stage_line import StageLine
from bootstrapper.deploy.screen.style import Style
from bootstrapper.progress import Progress

TICK = 0.1  # seconds


class Console:
    """Shows a push's events; `stages` are the names of its stages, `hosts` the number of hosts.

    On a terminal a line per stage, elsewhere plain lines, with `verbosity` 1 all that the stages
    say, with -1 only what failed, on standard error. `tick` is to be called ten times a second.
    """

    def __init__(
        self,
        stages: Sequence[str],
        *,
        hosts: int = 0,
        verbosity: int = 0,
        stream: TextIO | None = None,
    ) -> None:
        quiet = verbosity < 0
        # Python has no such stream where its file was closed before it began.
        self._stream = (
            stream
            or (sys.stderr if quiet else sys.stdout)
            or open(  # noqa: SIM115
                os.devnull, "w"
            )
        )
        self._stages = [StageLine(name, hosts if hosts > 1 else 0) for name in stages]
        self._running: StageLine | None = None
        self._progress = Progress(self._stream, 0 if quiet else verbosity)
        self._quiet = quiet
        self._screen = self._chosen(verbosity)

    def show(self, event: Event) -> None:
        """Show an event."""
        if not isinstance(event, StageEvent) or event.stage >= len(self._stages):
            return
        stage = self._stages[event.stage]
        match event:
            case StageStarted():
                stage.start(event)
                if self._running is not stage:
                    self._running = stage
                    self._screen.started(stage)
            case Output():
                stage.hear(event)
                self._screen.output(stage, event)
            case Note():
                host = f" {printable(event.host)}" if event.host else ""
                self.say(f"  {stage.name}{host}: {printable(event.text)}")
            case StageEnded():
                if stage.end(event):
                    self._running = None
                    self._screen.ended(stage)

    def tick(self) -> None:
        """Refresh the line of the running stage."""
        if self._running:
            self._screen.tick(self._running)

    def say(self, line: str) -> None:
        """Print a line; control characters are removed."""
        if not self._quiet:
            self._screen.say(plain_text.lines(line))

    def ask(
        self,
        question: str,
        choices: Sequence[str],
        default: str,
        *,
        meanwhile: Callable[[], None] = lambda: None,
        ended: Callable[[], str] = lambda: "",
    ) -> str:
        """Return the choice of a person: a word or its beginning; Enter takes `default`.

        Calls `meanwhile` ten times a second. Returns nothing at the end of standard input, and as soon as
        `ended` returns a reason.
        """
        self._screen.clear()
        words = ", ".join(f"[{word}]" if word == default else word for word in choices)
        while True:
            self._progress.prompt(f"{question} ({words}) ")
            answer = _line(meanwhile, ended)
            if not answer.endswith("\n"):
                self._progress.prompt("\n")
                return ""
            answer = answer.strip().lower()
            meant = [word for word in choices if word.startswith(answer)] if answer else [default]
            if answer in choices or len(meant) == 1:
                return answer if answer in choices else meant[0]
            self._progress.prompt(f"{printable(answer)}: which is that? ")

    def _chosen(self, verbosity: int) -> PlainRenderer:
        style = Style(self._stream, tuple(stage.name for stage in self._stages))
        if verbosity > 0:
            return RawRenderer(self._progress, style)
        if style.live and not self._quiet:
            return TerminalRenderer(self._progress, style)
        return PlainRenderer(self._progress, failures_only=self._quiet)


def _line(meanwhile: Callable[[], None], ended: Callable[[], str]) -> str:
    """Return a line of standard input; without a newline at its end, or once `ended` says something."""
    line = b""
    with suppress(OSError):  # closed
        while not line.endswith(b"\n") and not ended():
            if select.select([0], [], [], TICK)[0]:
                if not (more := os.read(0, 1)):
                    break
                line += more
            meanwhile()
    return line.decode(errors="replace")
