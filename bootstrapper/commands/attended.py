"""A push with a person in front of it: what they see, what they are asked, how they stop it."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from bootstrapper.deploy.event import Event
from bootstrapper.deploy.execution import Decision
from bootstrapper.deploy.interruption import Interruption
from bootstrapper.deploy.running.job import Job
from bootstrapper.deploy.running.watcher import Watcher
from bootstrapper.deploy.screen.console import Console
from bootstrapper.deploy.session import Session
from bootstrapper.errors import InputError

LOOK_AROUND = "look around"


class Attended:
    """What surrounds a push that a person started from a terminal, or a script without one.

    With `step` they are asked before each stage. While it is entered Ctrl-C and SIGTERM cancel.
    """

    def __init__(self, session: Session, console: Console, *, step: bool = False) -> None:
        self._session = session
        self._console = console
        self._step = step
        self._interruption = Interruption()
        self._watcher = Watcher()
        self._stages: tuple[str, ...] = ()

    def __enter__(self) -> Self:
        self._watcher.__enter__()
        self._interruption.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._interruption.__exit__(kind, error, trace)
        self._watcher.__exit__(kind, error, trace)

    @property
    def inherited(self) -> Mapping[str, str]:
        """The variables of this process that stages get."""
        return self._session.inherited

    @property
    def scratch(self) -> Path:
        """A directory of the push's own that goes when it ends."""
        return self._session.scratch

    @property
    def interrupted(self) -> bool:
        """Whether it was stopped by a signal."""
        return bool(self._interruption.reason)

    def cancelled(self) -> str:
        """By what signal the push was stopped, in words."""
        return self._interruption.reason

    def lost(self) -> str:
        """Why a target's lock is no longer ours."""
        return self._session.lost()

    def show(self, event: Event) -> None:
        """Something has happened."""
        self._console.show(event)

    def tick(self) -> None:
        """Ten times a second."""
        self._session.tick()
        self._console.tick()

    def before(self, name: str, job: Job) -> Decision:
        """Ask what to do with a stage, in step mode."""
        while self._step:
            answer = self._console.ask(f"{name}?", [*Decision, LOOK_AROUND], Decision.RUN,
                                       meanwhile=self._session.tick, ended=self._ended)
            if not answer:  # it was cancelled meanwhile
                return Decision.STOP
            if answer != LOOK_AROUND:
                return Decision(answer)
            self._look_around(job)
        return Decision.RUN

    def _ended(self) -> str:
        return self.cancelled() or self.lost()

    def _look_around(self, job: Job) -> None:
        """A shell in the checkout, with all that the stage is going to get."""
        terminal = {name: os.environ[name] for name in ("TERM", "SHELL") if name in os.environ}
        shell = os.environ.get("SHELL", "/bin/sh")
        self._console.say(f"{shell} in {job.directory}, with the stage's environment; "
                          "exit brings you back")
        with subprocess.Popen([shell], cwd=job.directory,
                              env={**job.environment, **terminal}) as process:
            while process.poll() is None:
                self._session.tick()
                try:
                    process.wait(0.1)
                except subprocess.TimeoutExpired:
                    continue


def confirm(console: Console, question: str, *, yes: bool, meanwhile: Callable[[], None]) -> None:
    """Ask a person whether to go on; without a terminal, or with `yes`, it goes on.

    Raises InputError if they say no.
    """
    if yes or not sys.stdin or not sys.stdin.isatty():
        return
    if console.ask(question, ["yes", "no"], "yes", meanwhile=meanwhile) != "yes":
        raise InputError("the push", "you said no; nothing was done", "the same command again")
