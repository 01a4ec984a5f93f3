"""A push: a plan carried out, its events kept, shown and told to the target as they happen."""

import sys
from collections.abc import Iterable, Mapping
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
from bootstrapper.deploy.masking.masker import SecretMasker
from bootstrapper.deploy.plan.plan import Plan
from bootstrapper.deploy.push.execution import Execution, PushDirectories, Result, StageDecision
from bootstrapper.deploy.running.job import Job
from bootstrapper.deploy.running.runner import Runner
from bootstrapper.errors import BootstrapperError, refused


class Journal(Protocol):
    """What a push is kept in as it happens: files of the project, or rows of a database."""

    @property
    def directory(self) -> Path:
        """The push's own, which holds its checkout, and in stages/ the code of its stages."""

    def record(self) -> Record:
        """What is known of the push now."""

    def write(self, event: Event) -> None:
        """Keep one more event. Raises BootstrapperError or OSError, once, if that can't be."""

    def finish(self, record: Record) -> None:
        """Keep how the push ended. Raises as `write` does."""

    def cancelled(self) -> str:
        """Who asked to cancel the push, in words; empty if nobody did. Asked often."""


class PushObserver(Protocol):
    """What a push stands in: the session that holds its locks, the person who watches."""

    @property
    def inherited(self) -> Mapping[str, str]:
        """The variables of the deploying process, its PATH led by the push's own ssh."""

    @property
    def scratch(self) -> Path:
        """A directory of the push's own that goes when it ends; its name has no spaces."""

    def cancelled(self) -> str:
        """Who has stopped the push, in words; empty while nobody has."""

    def lost(self) -> str:
        """Why the target's lock is no longer ours; empty while it is."""

    def show(self, event: Event) -> None:
        """Something has happened."""

    def tick(self) -> None:
        """Called about ten times a second."""

    def before(self, name: str, job: Job) -> StageDecision:
        """Whether the stage of that name, whose (first) job is shown, is to run."""


class Push:
    """One plan, its journal begun or opened again; `run` carries it out."""

    def __init__(self, plan: Plan, journal: Journal, surroundings: PushObserver) -> None:
        self._plan = plan
        self._journal = journal
        self._surroundings = surroundings
        self._masking = SecretMasker(plan.secrets)
        self._clock = PushClock()
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
            with Runner(
                emit=self._tell,
                clock=self._clock,
                masking=self._masking,
                cancelled=self._cancelled,
                tick=self._surroundings.tick,
            ) as runner:
                self._tell(PushStarted(at=self._clock.now(), resumed=resumed))
                execution = Execution(
                    self._plan,
                    PushDirectories(
                        directory=self._journal.directory.absolute(),
                        scratch=self._surroundings.scratch,
                    ),
                    runner=runner,
                    emit=self._tell,
                    clock=self._clock,
                    inherited=self._surroundings.inherited,
                    python=sys.executable,
                    cancelled=self._cancelled,
                    before=self._surroundings.before,
                    done=done,
                    outputs=outputs,
                )
                result = execution.run()
        except (BootstrapperError, OSError) as error:  # the journal can't be written, and so on
            fault = (
                refused(error, self._journal.directory, again="the push")
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
        self._tell(PushEnded(at=self._clock.now(), state=result.state, reason=result.reason))
        self._journal.finish(self.record)
        return replace(result, reason=self.record.reason)

    def _break_off(self, reason: str) -> None:
        """The stages that ran are over, too: their processes have been ended."""
        for index, stage in enumerate(self.record.stages):
            for host, run in (stage.hosts or {"": stage}).items():
                if run.state is State.RUNNING:
                    now = self._clock.now()
                    self._tell(
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
        if reason := self._surroundings.cancelled():
            return reason
        self._lost = self._lost or self._surroundings.lost()
        return self._lost

    def _tell(self, event: Event) -> None:
        event = self._masked(event)
        if not isinstance(event, Output):
            self.record = self.record.after(event)
        self._surroundings.show(event)
        for kept in self._limit.pass_on(event):
            if isinstance(kept, Note) and kept is not event:
                self._surroundings.show(kept)
            self._journal.write(kept)

    def _masked(self, event: Event) -> Event:
        """Output comes masked from the runner, which alone sees what is split across writes."""
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
