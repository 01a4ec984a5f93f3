"""Run jobs at the same time, and emit their output as events."""

import signal
import time
from collections.abc import Callable, Sequence
from types import TracebackType

from bootstrapper.deploy.events.event import Event, State
from bootstrapper.deploy.events.times import PushClock
from bootstrapper.deploy.machine.account import Account
from bootstrapper.deploy.masking.masker import SecretMasker
from bootstrapper.deploy.running import process_tree
from bootstrapper.deploy.running.job import Job, JobOutcome
from bootstrapper.deploy.running.job_run import PATIENCE, JobRun, Patience
from bootstrapper.deploy.running.process_tree import Ending, Process, Step
from bootstrapper.deploy.running.stream import Reader
from bootstrapper.deploy.running.supervisor import Supervisor

_TICK = 0.1
_SOON = 0.01  # between two looks at processes that are being ended
_ANSWER = 10.0  # seconds in which a supervisor that lives answers
_STANDSTILL = 1.0  # longer than a turn can take: we were stopped


class Runner:
    """A context manager: for its length a supervisor stands by, and none of a job's processes
    outlives it, but for proper daemons of stages that came to their own end.

    `emit` gets Output and Note events. `cancelled` is asked every 0.1 s while jobs run and answers
    "" or the reason ("cancelled by anna@laptop"): all jobs are then ended. `tick` is called as
    often. An exception from any of them ends the jobs at once, and is raised.
    """

    def __init__(
        self,
        *,
        emit: Callable[[Event], None],
        clock: PushClock,
        masking: SecretMasker,
        cancelled: Callable[[], str],
        tick: Callable[[], None] = lambda: None,
        patience: Patience = PATIENCE,
        account: Account | None = None,
    ) -> None:
        self._account = account or Account()
        self._emit = emit
        self._clock = clock
        self._masking = masking
        self._cancelled = cancelled
        self._tick = tick
        self._patience = patience
        self._reader = Reader()
        self._supervisor: Supervisor | None = None
        self._keys = 0  # of jobs; never used twice, so that a late message finds nobody

    def __enter__(self) -> "Runner":
        self._stand_by()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._dismiss()
        self._reader.shut()

    def _stand_by(self) -> Supervisor:
        if self._supervisor is None:
            self._supervisor = Supervisor(grace=self._patience.left, account=self._account)
            self._reader.watch(self._supervisor.socket.fileno())
        return self._supervisor

    def _dismiss(self) -> None:
        supervisor, self._supervisor = self._supervisor, None
        if supervisor:
            self._reader.forget(supervisor.socket.fileno())
            supervisor.close()

    def run(
        self,
        jobs: Sequence[Job],
        ended: Callable[[Job, JobOutcome], None] = lambda job, outcome: None,
    ) -> list[JobOutcome]:
        """Returns when all are done: their outcomes, in the order of the jobs.

        `ended` is called for each as soon as it is done.
        """
        reason = self._cancelled()
        if reason:
            outcome = JobOutcome(state=State.CANCELLED, exit=None, seconds=0, reason=reason)
            for job in jobs:
                ended(job, outcome)
            return [outcome for _ in jobs]
        supervisor = self._stand_by()
        supervisor.begin()
        runs: dict[int, JobRun] = {}
        try:
            for job in jobs:
                self._keys += 1
                runs[self._keys] = run = JobRun(
                    job,
                    self._reader,
                    self._emit,
                    self._clock,
                    self._masking,
                    self._patience,
                    self._account.limits,
                )
                supervisor.start(self._keys, job, run.stdout.pipe.writing, run.stderr.pipe.writing)
            self._see_through(runs, ended)
        except BaseException:
            self._dismiss()  # it ends what it has started
            raise
        finally:
            for run in runs.values():
                run.close()
        return [run.outcome() for run in runs.values()]

    def _see_through(
        self, runs: dict[int, JobRun], ended: Callable[[Job, JobOutcome], None]
    ) -> None:
        """Loop until all jobs are done."""
        by_pipe = {
            id(output.pipe): (run, output)
            for run in runs.values()
            for output in (run.stdout, run.stderr)
        }
        left = list(runs.values())
        reason = ""
        ticked = before = answered = time.monotonic()
        while left:
            for pipe, data in self._reader.ready(self._until_next(left, time.monotonic())):
                if pipe is None:
                    self._listen(runs)
                else:
                    run, output = by_pipe[id(pipe)]
                    run.receive(output, data)
            now = time.monotonic()
            if now - before > _STANDSTILL:
                # This process was stopped, or an observer was slow: the jobs did not cause that.
                for run in left:
                    run.excuse(now - before)
                answered = now
            before = now
            if now - ticked >= _TICK:
                ticked = now
                answered = self._look_after_supervisor(left, now, answered)
                self._reader.settle(now)
                self._tick()
                if not reason and all(run.started for run in left):
                    reason = self._cancelled()
                    if reason:
                        self._cancel(left, reason)
            for run in left:
                self._time_out(run, left, now, alone=len(runs) == 1)
                run.advance(now, self._supervisor)
                if run.done:
                    ended(run.job, run.outcome())
            left = [run for run in left if not run.done]

    def _look_after_supervisor(self, left: list[JobRun], now: float, answered: float) -> float:
        """Resume the supervisor if a stage has stopped it; kill it if it still does not answer.

        Return at once if no answer is due.
        """
        if self._supervisor is None or not any(run.unanswered for run in left):
            return now
        self._supervisor.wake()
        if now - answered > _ANSWER:
            self._supervisor.kill()
        return answered

    @staticmethod
    def _until_next(left: list[JobRun], now: float) -> float:
        """Return how long a turn of the loop may wait."""
        if any(run.busy for run in left):
            return _SOON
        due = [due - now for run in left for due in run.due()]
        return max(0.0, min([_TICK, *due]))

    def _listen(self, runs: dict[int, JobRun]) -> None:
        """Process the supervisor's messages about jobs."""
        supervisor = self._supervisor
        if supervisor is None:
            return
        descriptor = supervisor.socket.fileno()
        messages = supervisor.messages()
        if messages is None:
            self._supervisor = None
            self._reader.forget(descriptor)
            supervisor.bury()
            for run in runs.values():
                run.abandon("the supervisor of the push's processes died: somebody killed it")
            return
        for message in messages:
            found = runs.get(message["key"])
            if found is None:  # a job of a stage that was broken off
                continue
            if "pid" in message:
                found.pid = message["pid"]
            elif "nonblocking" in message:
                self._reader.make_room((found.stdout, found.stderr)[message["nonblocking"]].pipe)
            else:
                found.ended(message["status"], message.get("reason", ""))
                found.advance(time.monotonic(), supervisor)

    def _cancel(self, left: list[JobRun], reason: str) -> None:
        """End all jobs and their processes."""
        ending = self._ending(self._everything(left), left)
        for run in left:
            run.end(ending, State.CANCELLED, reason)

    def _time_out(self, run: JobRun, left: list[JobRun], now: float, alone: bool) -> None:
        reason = run.overdue(now)
        if not reason:
            return
        run.note(f"{reason}: it is being ended")
        members = self._everything(left) if alone else run.tree
        run.end(self._ending(members, [run]), State.FAILED, reason)

    def _everything(self, runs: list[JobRun]) -> Callable[[], set[Process]]:
        def members() -> set[Process]:
            if not process_tree.KNOWN:
                return process_tree.living_groups(run.pid for run in runs if run.pid)
            return self._supervisor.descendants() if self._supervisor else set()

        return members

    def _ending(self, members: Callable[[], set[Process]], runs: list[JobRun]) -> Ending:
        patience = self._patience
        return Ending(
            members,
            [
                Step(signal.SIGINT, patience.interrupted, everyone=False),
                Step(signal.SIGTERM, patience.terminated),
                Step(signal.SIGKILL, 0),
            ],
            [run.pid for run in runs if run.pid],
            self._signal,
        )

    def _signal(self, process: Process, number: signal.Signals) -> None:
        if self._supervisor:
            self._supervisor.signal(process, number)
