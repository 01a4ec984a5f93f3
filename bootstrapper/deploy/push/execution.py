"""Run the stages of a plan in order, on its hosts, until one fails."""

import os
import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bootstrapper.deploy.events import size
from bootstrapper.deploy.events.event import (
    Event,
    Note,
    StageEnded,
    StageStarted,
    State,
    VariableSet,
)
from bootstrapper.deploy.events.times import PushClock
from bootstrapper.deploy.machine.account import Account
from bootstrapper.deploy.plan import environment
from bootstrapper.deploy.plan.plan import Plan, Stage
from bootstrapper.deploy.running.job import Job, JobOutcome
from bootstrapper.deploy.running.runner import Runner

_MOST_OUTPUT = 10**6  # bytes of ROLF_OUTPUT that are read: they are kept with the push


class StageDecision(StrEnum):
    """The answer of a person before a stage, in step mode."""

    RUN = "run"
    SKIP = "skip"
    STOP = "stop"


@dataclass(frozen=True, kw_only=True)
class Result:
    """How a plan ended. The single host of a plan without a fleet is the empty name.

    `switched` are the hosts where the new release is live; `unsure` are those where the stage that
    switches began and failed. `failed` are the hosts that failed, even where the plan allows that. On
    the hosts in `hidden` visitors see a maintenance page.
    """

    state: State
    reason: str = ""
    switched: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PushDirectories:
    """The directories of a push on the deploying machine: its journal's, and a temporary one.

    The name of `scratch` has no spaces, as not every recipe quotes ROLF_OUTPUT.
    """

    directory: Path
    scratch: Path

    @property
    def checkout(self) -> Path:
        """The stages' working directory."""
        return self.directory / "checkout"

    def code(self, index: int, stage: Stage) -> Path:
        """Return the stage's code, as it was when the push began."""
        return self.directory / "stages" / environment.file_name(index, stage)

    def output(self, index: int, host: str) -> Path:
        """Return the file that the stage's ROLF_OUTPUT names."""
        name = f"{index + 1:02}-{environment.safe(host)}" if host else f"{index + 1:02}"
        return self.scratch / f"output-{name}"


class _Halt(Exception):
    """Ends the execution: no further stage runs."""

    def __init__(self, state: State, reason: str) -> None:
        super().__init__(reason)
        self.state = state
        self.reason = reason


class Execution:
    """Runs a plan once. It passes events to `emit` and calls `before` ahead of each stage.

    A resumed push skips the (stage, host) pairs in `done`; `outputs` are what those wrote.
    """

    def __init__(
        self,
        plan: Plan,
        place: PushDirectories,
        *,
        runner: Runner,
        emit: Callable[[Event], None],
        clock: PushClock,
        inherited: Mapping[str, str],
        python: str,
        cancelled: Callable[[], str],
        before: Callable[[str, Job], StageDecision],
        done: Iterable[tuple[int, str]] = (),
        outputs: Mapping[str, str] | None = None,
        account: Account | None = None,
    ) -> None:
        self._account = account or Account()
        self._plan = plan
        self._place = place
        self._runner = runner
        self._emit = emit
        self._clock = clock
        self._inherited = inherited
        self._python = python
        self._cancelled = cancelled
        self._before = before
        self._done = frozenset(done)
        self._outputs: dict[str, dict[str, str]] = {"": dict(outputs or {})}
        self._failed: list[str] = []
        self._switched = [host for index, host in self._done if plan.stages[index].switches]
        self._switching: list[str] = []
        self._hidden: list[str] = []
        for index, host in sorted(self._done):
            self._show_or_hide(plan.stages[index], [host])

    def result(self, state: State, reason: str) -> Result:
        """Return the result, if the plan ends now in that state."""
        switched = tuple(dict.fromkeys(self._switched))
        unsure = tuple(host for host in dict.fromkeys(self._switching) if host not in switched)
        return Result(
            state=state,
            reason=reason,
            switched=switched,
            unsure=unsure,
            failed=tuple(self._failed),
            hidden=tuple(self._hidden),
        )

    def run(self) -> Result:
        """Run the stages; returns when all are done, or at the first that fails."""
        try:
            for block in self._plan.blocks():
                if self._plan.per_host(self._plan.stages[block[0]]):
                    for batch in self._plan.batches():
                        self._run_block(block, batch)
                else:
                    self._run_block(block, ("",))
        except _Halt as halt:
            return self.result(halt.state, halt.reason)
        reason = f"without {', '.join(self._failed)}" if self._failed else ""
        return self.result(State.SUCCEEDED, reason)

    def _run_block(self, block: Sequence[int], hosts: Sequence[str]) -> None:
        for index in block:
            left = [host for host in hosts if host not in self._failed]
            todo = [host for host in left if (index, host) not in self._done]
            if todo:
                self._run_stage(index, todo)

    def _run_stage(self, index: int, hosts: Sequence[str]) -> None:
        stage = self._plan.stages[index]
        if reason := self._cancelled():
            raise _Halt(State.CANCELLED, reason)
        skipped = stage.skipped
        jobs = [] if skipped else [self._job(index, host) for host in hosts]
        if jobs:
            decision = self._before(stage.name, jobs[0])
            if reason := self._cancelled():  # while it was asked about
                raise _Halt(State.CANCELLED, reason)
            if decision is StageDecision.STOP:
                raise _Halt(State.CANCELLED, f"stopped before {stage.name}")
            skipped = "skipped by hand" if decision is StageDecision.SKIP else ""
        if skipped:
            for host in hosts:
                self._emit(
                    StageEnded(
                        at=self._clock.now(),
                        stage=index,
                        host=host,
                        state=State.SKIPPED,
                        reason=skipped,
                    )
                )
            return
        if stage.switches:
            self._switching += hosts
        if stage.hides:
            self._show_or_hide(stage, hosts)
        for host in hosts:
            self._emit(StageStarted(at=self._clock.now(), stage=index, host=host))
        outcomes = self._runner.run(jobs, ended=self._ended)
        self._judge(stage, hosts, outcomes)

    def _job(self, index: int, host: str) -> Job:
        stage, output = self._plan.stages[index], self._place.output(index, host)
        self._account.make_directory(self._place.checkout)  # recipes of 2010 remove it
        output.unlink(missing_ok=True)  # an earlier stage may have left something of that name
        os.close(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        self._account.share(output, 0o6)
        variables = environment.environment(
            self._plan,
            host=host,
            outputs=self._known(host),
            inherited=self._inherited,
            checkout=self._place.checkout,
            output_file=output,
        )
        return Job(
            stage=index,
            host=host,
            environment=variables,
            directory=self._place.checkout,
            argv=environment.command(stage, self._place.code(index, stage), python=self._python),
            timeout=stage.timeout,
            idle_timeout=stage.idle_timeout,
        )

    def _known(self, host: str) -> dict[str, str]:
        return self._outputs[""] | (self._outputs.get(host, {}) if host else {})

    def _ended(self, job: Job, outcome: JobOutcome) -> None:
        """Called as each job ends: what it wrote, then how it went."""
        self._read_output(job)
        stage = self._plan.stages[job.stage]
        if outcome.state is State.SUCCEEDED and stage.switches:
            self._switched.append(job.host)
        if outcome.state is State.SUCCEEDED and stage.shows:
            self._show_or_hide(stage, [job.host])
        self._emit(
            StageEnded(
                at=self._clock.now(),
                stage=job.stage,
                host=job.host,
                state=outcome.state,
                exit=outcome.exit,
                seconds=outcome.seconds,
                reason=outcome.reason,
            )
        )

    def _show_or_hide(self, stage: Stage, hosts: Iterable[str]) -> None:
        if stage.hides or stage.shows:
            others = [host for host in self._hidden if host not in hosts]
            self._hidden = [*others, *hosts] if stage.hides else others

    def _read_output(self, job: Job) -> None:
        file = self._place.output(job.stage, job.host)
        try:
            data = _read_regular(file)
            file.unlink()  # it may hold a secret
        except OSError:  # the stage has removed it: it has nothing to hand on
            return
        if len(data) > _MOST_OUTPUT:
            data = data[: data.rfind(b"\n", 0, _MOST_OUTPUT) + 1]
            self._emit(
                Note(
                    at=self._clock.now(),
                    stage=job.stage,
                    host=job.host,
                    text=f"ROLF_OUTPUT is longer than {size.render(_MOST_OUTPUT)}: the "
                    "lines after that are not read",
                )
            )
        text = data.decode(errors="surrogateescape").replace("\r\n", "\n").replace("\r", "\n")
        variables, odd = environment.read_output(text)
        for name, value in variables.items():
            self._emit(
                VariableSet(
                    at=self._clock.now(), stage=job.stage, host=job.host, name=name, value=value
                )
            )
        if odd:
            self._emit(
                Note(
                    at=self._clock.now(),
                    stage=job.stage,
                    host=job.host,
                    text=f"{len(odd)} lines of ROLF_OUTPUT are not NAME=value, as a "
                    "process can be given it",
                )
            )
        passed_on = {name: value for name, value in variables.items() if name != "ROLLBACK_URL"}
        self._outputs.setdefault(job.host, {}).update(passed_on)

    def _judge(self, stage: Stage, hosts: Sequence[str], outcomes: Sequence[JobOutcome]) -> None:
        failed = [
            (host, outcome)
            for host, outcome in zip(hosts, outcomes, strict=True)
            if outcome.state is not State.SUCCEEDED
        ]
        self._failed += [host for host, _ in failed if host]
        for _, outcome in failed:
            if outcome.state is State.CANCELLED:
                raise _Halt(State.CANCELLED, outcome.reason)
        too_many = len(self._failed) > self._plan.max_failures
        nobody_left = len(set(self._failed)) == len(self._plan.hosts)
        if failed and (not failed[0][0] or too_many or nobody_left):
            text = "; ".join(
                f"{host}: {outcome.reason}" if host else outcome.reason for host, outcome in failed
            )
            raise _Halt(State.FAILED, f"{stage.name}: {text}")


def _read_regular(file: Path) -> bytes:
    """Return the beginning of a file; nothing of a pipe or a link, which a stage can leave there.

    A pipe without a writer would block this process for ever.
    """
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return b""
        with open(descriptor, "rb", closefd=False) as output:
            return output.read(_MOST_OUTPUT + 1)
    finally:
        os.close(descriptor)
