"""Run a plan as a push: mask its events, record them, show them."""

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from bootstrapper.deploy.events import output_limit
from bootstrapper.deploy.events.event import (
    Event,
    Note,
    Output,
    PushEnded,
    PushStarted,
    StageEnded,
    State,
    VariableSet,
)
from bootstrapper.deploy.events.record import Record
from bootstrapper.deploy.events.times import PushClock
from bootstrapper.deploy.machine.account import Account
from bootstrapper.deploy.masking.masker import SecretMasker
from bootstrapper.deploy.plan.plan import Plan
from bootstrapper.deploy.push.execution import Execution, PushDirectories, Result, StageDecision
from bootstrapper.deploy.running.job import Job
from bootstrapper.deploy.running.runner import Runner
from bootstrapper.errors import BootstrapperError, refused
from bootstrapper.program import PROGRAM


class PushJournal(Protocol):
    """The record of one push, written as it happens: files of a project, or rows of Rolf's."""

    @property
    def directory(self) -> Path:
        """The push's own, which holds its checkout, and in stages/ the code of its stages."""

    def record(self) -> Record:
        """Return the record of the push as it is now."""

    def write(self, event: Event) -> None:
        """Write one more event. Raise BootstrapperError or OSError, once, if that fails."""

    def finish(self, record: Record) -> None:
        """Write how the push ended. Raise as `write` does."""

    def cancelled(self) -> str:
        """Return who asked to cancel the push, in words; empty if none did. Called often."""


class PushObserver(Protocol):
    """What watches a push while it runs: a terminal and its signals, or Rolf's worker."""

    def cancelled(self) -> str:
        """Return who has stopped the push, in words; empty while none has."""

    def show(self, event: Event) -> None:
        """Show an event."""

    def tick(self) -> None:
        """Called about ten times a second."""

    def before(self, name: str, job: Job, ended: Callable[[], str]) -> StageDecision:
        """Return whether the stage of that name, whose first job is `job`, is to run.

        Stop to ask as soon as `ended` returns a reason: the push is over then, whatever the answer.
        """


class PushSession(Protocol):
    """What a push needs of the session that holds its locks and connections."""

    @property
    def account(self) -> Account:
        """The user that stages run as."""

    @property
    def stage_environment(self) -> Mapping[str, str]:
        """The variables of the deploying process for stages, PATH led by the push's own ssh."""

    @property
    def scratch(self) -> Path:
        """A directory that is removed when the session ends; its name has no spaces."""

    @property
    def clock(self) -> PushClock:
        """The clock of all events."""

    def lost(self) -> str:
        """Return why a host's lock is no longer held; empty while it is."""

    def tick(self) -> None:
        """Keep the locks alive. Called about ten times a second."""


class Push:
    """A plan with an open journal, ready to run in a session that holds the locks."""

    def __init__(
        self, plan: Plan, journal: PushJournal, observer: PushObserver, session: PushSession
    ) -> None:
        self._plan = plan
        self._journal = journal
        self._observer = observer
        self._session = session
        self._masking = SecretMasker(plan.secrets)
        self._clock = session.clock
        self._limit = output_limit.of(plan.settings)
        self._lost = ""  # why the push was ended, if that was the target's lock
        self.record = journal.record()

    def run(
        self,
        *,
        done: Iterable[tuple[int, str]] = (),
        outputs: Mapping[str, str] | None = None,
        resumed: bool = False,
    ) -> Result:
        """Run the stages that aren't `done`; `record` then tells how it went."""
        execution: Execution | None = None
        try:
            account = self._session.account
            account.admit(self._journal.directory)
            with Runner(
                emit=self._emit,
                clock=self._clock,
                masking=self._masking,
                cancelled=self._cancelled,
                tick=self._tick,
                account=account,
            ) as runner:
                self._emit(PushStarted(at=self._clock.now(), resumed=resumed))
                execution = Execution(
                    self._plan,
                    PushDirectories(
                        directory=self._journal.directory.absolute(),
                        scratch=self._session.scratch,
                    ),
                    runner=runner,
                    emit=self._emit,
                    clock=self._clock,
                    inherited=self._session.stage_environment,
                    python=sys.executable,
                    cancelled=self._cancelled,
                    before=self._before,
                    done=done,
                    outputs=outputs,
                    account=account,
                )
                result = execution.run()
        except (BootstrapperError, OSError) as error:  # the journal can't be written, and so on
            fault = (
                refused(
                    error,
                    self._journal.directory,
                    again=f"{PROGRAM} resume {self._plan.deployment}",
                )
                if isinstance(error, OSError)
                else error
            )
            reason = f"{fault.where}: {fault.fault}"
            result = (
                execution.result(State.FAILED, reason)
                if execution
                else Result(state=State.FAILED, reason=reason)
            )
            self._break_off(fault.fault)
        if result.state is State.CANCELLED and result.reason == self._lost:
            result = replace(result, state=State.FAILED)
        self._emit(PushEnded(at=self._clock.now(), state=result.state, reason=result.reason))
        self._journal.finish(self.record)
        return replace(result, reason=self.record.reason)

    def _break_off(self, reason: str) -> None:
        """The stages that ran are over, too: their processes have been ended."""
        for index, stage in enumerate(self.record.stages):
            for host, run in (stage.hosts or {"": stage}).items():
                if run.state is State.RUNNING:
                    now = self._clock.now()
                    self._emit(
                        StageEnded(
                            at=now,
                            stage=index,
                            host=host,
                            state=State.FAILED,
                            reason=reason,
                            seconds=now - (now if run.started is None else run.started),
                        )
                    )

    def _cancelled(self) -> str:
        if reason := self._journal.cancelled():
            return reason  # a cancel ends as a cancel, also where the target hangs
        if reason := self._observer.cancelled():
            return reason
        self._lost = self._lost or self._session.lost()
        return self._lost

    def _tick(self) -> None:
        self._session.tick()
        self._observer.tick()

    def _before(self, name: str, job: Job) -> StageDecision:
        return self._observer.before(name, job, self._cancelled)

    def _emit(self, event: Event) -> None:
        event = self._masked(event)
        if not isinstance(event, Output):
            self.record = self.record.after(event)
        self._observer.show(event)
        for kept in self._limit.pass_on(event):
            if isinstance(kept, Note) and kept is not event:
                self._observer.show(kept)
            self._journal.write(kept)

    def _masked(self, event: Event) -> Event:
        """Return the event without secrets. The runner has masked output, which may be split."""
        match event:
            case VariableSet():
                # As one: a line of a secret that has several may look like NAME=value.
                line = self._masking.mask(f"{event.name}={event.value}")
                name, _, value = line.partition("=")
                return replace(event, name=name, value=value)
            case Note():
                return replace(event, text=self._masking.mask(event.text))
            case StageEnded() | PushEnded():
                return replace(event, reason=self._masking.mask(event.reason))
            case _:
                return event
