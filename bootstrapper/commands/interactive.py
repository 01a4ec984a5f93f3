"""The command line as a push's frontend: it asks, shows and reports."""

import argparse
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from bootstrapper.commands.output import host_names
from bootstrapper.deploy.events.event import Event, State
from bootstrapper.deploy.events.record import Record
from bootstrapper.deploy.machine.process import SignalWatch
from bootstrapper.deploy.operations.run import AutomaticRollback
from bootstrapper.deploy.plan.plan import Plan, rolls
from bootstrapper.deploy.plan.prepare import PreparedDeployment
from bootstrapper.deploy.push.execution import Result, StageDecision
from bootstrapper.deploy.push.push import Journal, Push
from bootstrapper.deploy.push.register import PushRegister
from bootstrapper.deploy.push.session import Session
from bootstrapper.deploy.remote.ssh import HERE
from bootstrapper.deploy.running.job import Job
from bootstrapper.deploy.running.watcher import Watcher
from bootstrapper.deploy.screen.console import Console
from bootstrapper.errors import BootstrapperError, InputError
from bootstrapper.plain_text import single_line
from bootstrapper.program import PROGRAM

LOOK_AROUND = "look around"


class InteractiveFrontend:
    """What surrounds a push that a person started from a terminal, or a script without one.

    With `step` they are asked before each stage. While it is entered Ctrl-C and SIGTERM cancel.
    """

    def __init__(self, session: Session, console: Console, *, step: bool = False) -> None:
        self._session = session
        self._console = console
        self._step = step
        self._interruption = SignalWatch()
        self._watcher = Watcher()
        self._stages: tuple[str, ...] = ()

    def __enter__(self) -> Self:
        self._watcher.__enter__()
        self._interruption.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
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

    def before(self, name: str, job: Job) -> StageDecision:
        """Ask what to do with a stage, in step mode."""
        while self._step:
            answer = self._console.ask(
                f"{name}?",
                [*StageDecision, LOOK_AROUND],
                StageDecision.RUN,
                meanwhile=self._session.tick,
                ended=self._ended,
            )
            if not answer:  # it was cancelled meanwhile
                return StageDecision.STOP
            if answer != LOOK_AROUND:
                return StageDecision(answer)
            self._look_around(job)
        return StageDecision.RUN

    def _ended(self) -> str:
        return self.cancelled() or self.lost()

    def _look_around(self, job: Job) -> None:
        """A shell in the checkout, with all that the stage is going to get."""
        terminal = {name: os.environ[name] for name in ("TERM", "SHELL") if name in os.environ}
        shell = os.environ.get("SHELL", "/bin/sh")
        self._console.say(
            f"{shell} in {job.directory}, with the stage's environment; exit brings you back"
        )
        with subprocess.Popen(
            [shell], cwd=job.directory, env={**job.environment, **terminal}
        ) as process:
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


INTERRUPTED = 130
FEW = 3  # hosts, which are named one by one
MOST_COMMITS = 10


class InteractivePush:
    """One command's push, and the rollback that may follow it, in a session of its own."""

    def __init__(
        self,
        options: argparse.Namespace,
        session: Session,
        ledger: PushRegister,
        preparation: PreparedDeployment,
    ) -> None:
        self._options = options
        self._session = session
        self._ledger = ledger
        self._fallback = AutomaticRollback(session, ledger, preparation)
        self._name = preparation.deployment.name

    def console(self, plan: Plan) -> Console:
        """Where the push is shown."""
        return Console(
            stages=[stage.name for stage in plan.stages],
            verbosity=self._options.verbosity,
            hosts=len(plan.hosts) if any(rolls(stage, plan.hosts) for stage in plan.stages) else 0,
        )

    def start(self, plan: Plan, console: Console) -> int:
        """A new push; returns the exit status."""
        plan, journal = self._ledger.begin(plan)
        console.say(
            f"{self._name}: push {plan.id}"
            + (f", {plan.ref}" if plan.ref else "")
            + (f" {plan.commit[:7]}" if plan.commit else "")
        )
        return self.go(plan, journal, console)

    def go(
        self,
        plan: Plan,
        journal: Journal,
        console: Console,
        *,
        done: Iterable[tuple[int, str]] = (),
        outputs: Mapping[str, str] | None = None,
        resumed: bool = False,
    ) -> int:
        """A push whose journal is open; returns the exit status."""
        with InteractiveFrontend(self._session, console, step=self._options.step) as attended:
            push = Push(plan, journal, attended)
            result = push.run(done=done, outputs=outputs, resumed=resumed)
            unheard = self._ledger.end(push.record)
            interrupted = attended.interrupted
        if unheard:
            console.say(f"the target's pushes.log doesn't tell of it: {unheard}")
        if result.state is State.SUCCEEDED:
            self._tell_success(plan, result, push.record, console)
            self._tell_hidden(plan, result.hidden, console)
            return 0
        console.say(f"push {plan.id} {result.state}: {single_line(result.reason)}")
        switched = self._fallback.switched(result)
        if self._fallback.wanted(plan, result, switched):
            self._fall_back(plan, switched, result.hidden, console)
        else:
            self._tell_failure(plan, switched, result.hidden, console)
        return INTERRUPTED if interrupted and result.state is State.CANCELLED else 1

    def _fall_back(
        self, plan: Plan, switched: tuple[str, ...], hidden: tuple[str, ...], console: Console
    ) -> None:
        try:
            back = self._fallback.plan(plan, switched, hidden)
        except BootstrapperError as error:
            console.say(str(error))
            self._tell_hidden(plan, hidden, console)
            return
        if back is None:
            console.say(
                f"there is no push before it to roll back to\n"
                f"  next: {PROGRAM} log {self._name} {plan.id}"
            )
            self._tell_hidden(plan, hidden, console)
            return
        console.say(
            f"rolling back to push {back.target.id}"
            + (f" on {_listed(back.hosts)}" if back.hosts else "")
        )
        self.start(back.plan, self.console(back.plan))

    def _tell_success(self, plan: Plan, result: Result, record: Record, console: Console) -> None:
        hosts = tuple(host for host in plan.hosts if host not in result.failed)
        what = f"push {plan.id}"
        if plan.rollback_to is not None:
            what = f"push {plan.rollback_to} again"
        console.say(
            f"{self._name} serves {what}"
            + (f" ({record.commit[:7]})" if record.commit else "")
            + (f" on {_listed(hosts)}" if hosts else "")
        )
        if result.failed:
            console.say(
                f"{_listed(result.failed)} failed and stays as it is: see there, and push again"
            )
        if plan.rollback_to is None:
            console.say(f"  next: {PROGRAM} rollback {self._name} takes it back")

    def _tell_failure(
        self, plan: Plan, switched: tuple[str, ...], hidden: tuple[str, ...], console: Console
    ) -> None:
        if switched and plan.rollback_to is not None:
            stands = f"{self._name} serves push {plan.rollback_to} again, as far as it came"
            step = f"remove the cause, then: {PROGRAM} resume {self._name}"
        elif switched:
            stands = f"{self._name} serves push {plan.id} as far as it came"
            step = f"{PROGRAM} rollback {self._name}"
        else:
            stands = (
                f"{self._name} is as it was before"
                if not hidden
                else (f"{self._name} has the code of before, and visitors don't see it")
            )
            step = f"mend it and push again, or go on from there: {PROGRAM} resume {self._name}"
        console.say(
            f"{stands}\n  next: {step}\n        {PROGRAM} log {self._name} {plan.id} "
            "shows all that was said"
        )
        self._tell_hidden(plan, hidden, console)

    def _tell_hidden(self, plan: Plan, hidden: tuple[str, ...], console: Console) -> None:
        """Say where visitors see a page of maintenance, and what takes ours away by hand."""
        if not hidden:
            return
        hosts = tuple(host or next(iter(plan.hosts), "") for host in hidden)
        console.say(f"visitors see the maintenance page on {_listed(hosts)}")
        if any(stage.hides and stage.recipe == "maintenance-on" for stage in plan.stages):
            page = f"{plan.settings.get('REMOTE_DIRECTORY', '')}/shared/maintenance.html"
            remove = shlex.join(["rm", "-f", page])
            config = plan.settings.get("SSH_CONFIG")
            ssh = ["ssh", *(["-F", config] if config else [])]
            console.say(
                "  next: to end it without another push: "
                + "; ".join(
                    remove if host == HERE else shlex.join([*ssh, host, remove]) for host in hosts
                )
            )


def list_commits(console: Console, commits: Sequence[str], before: str) -> None:
    """A line for each, as long as they are not too many."""
    for line in commits[:MOST_COMMITS]:
        console.say(f"{before}{single_line(line)}")
    if len(commits) > MOST_COMMITS:
        console.say(f"  and {len(commits) - MOST_COMMITS} more")


def _listed(hosts: tuple[str, ...]) -> str:
    return host_names(hosts) if len(hosts) <= FEW else f"{len(hosts)} hosts"
