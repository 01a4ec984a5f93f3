"""Run one job from its start to its end: its output, its time limits, its processes."""

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

from bootstrapper.deploy.definition import duration
from bootstrapper.deploy.events.event import Event, Note, Output, State
from bootstrapper.deploy.events.times import PushClock
from bootstrapper.deploy.machine.limits import Limits
from bootstrapper.deploy.masking.masker import SecretMasker
from bootstrapper.deploy.running import process_tree
from bootstrapper.deploy.running.job import Job, JobOutcome
from bootstrapper.deploy.running.process_tree import Ending, Process, ending_steps
from bootstrapper.deploy.running.stream import OpenLine, Pipe, Reader
from bootstrapper.deploy.running.supervisor import Supervisor


@dataclass(frozen=True, kw_only=True)
class Patience:
    """The seconds that processes have to end before the next, stronger signal."""

    interrupted: float = 5.0  # INT to TERM
    terminated: float = 5.0  # TERM to KILL
    lingering: float = 0.5  # for what a stage leaves behind: to end by itself
    left: float = 2.0  # TERM to KILL, for what a stage leaves behind
    open: float = 1.0  # for a stream that a daemon keeps open


PATIENCE = Patience()


class JobOutput:
    """One output stream of a job: its pipe, its masker and its unfinished line."""

    def __init__(self, pipe: Pipe, masking: SecretMasker) -> None:
        self.pipe = pipe
        self.line = OpenLine()
        self._masker = masking.masker()

    def feed(self, data: bytes, now: float) -> bytes:
        """Returns what may go out; b"" given is the end of the stream."""
        if data:
            return self.line.feed(self._masker.feed(data), now)
        return self.line.take() + self._masker.flush()


class JobRun:
    """A job that runs. Phases: the process runs; processes are ended; the streams are drained."""

    def __init__(
        self,
        job: Job,
        reader: Reader,
        emit: Callable[[Event], None],
        clock: PushClock,
        masking: SecretMasker,
        patience: Patience,
        limits: Limits | None = None,
    ) -> None:
        self.job = job
        self._limits = limits or Limits()
        self._reader = reader
        self._emit = emit
        self._clock = clock
        self._masking = masking
        self._patience = patience
        stdout, stderr = reader.pair()
        self.stdout, self.stderr = JobOutput(stdout, masking), JobOutput(stderr, masking)
        self.pid = 0
        self.status: int | None = None
        self.ending: Ending | None = None
        self.done = False
        self._state: State | None = None  # where we end it
        self._reason = ""
        self._over = False  # nobody is left to be ended
        self._lingers_until: float | None = None
        self._dry_by: float | None = None
        self._tree: set[Process] = set()
        self._began_at = clock.now()
        self._began = self._heard = time.monotonic()
        self._seconds = 0.0

    def outcome(self) -> JobOutcome:
        """Return how the job ended."""
        if self._state:
            return JobOutcome(
                state=self._state, exit=self.status, seconds=self._seconds, reason=self._reason
            )
        state = State.SUCCEEDED if self.status == 0 else State.FAILED
        hint = self._limits.hint(self.status)
        return JobOutcome(
            state=state,
            exit=self.status,
            seconds=self._seconds,
            reason=self._masking.mask(
                (self._reason or _in_words(self.status)) + (f" ({hint})" if hint else "")
            ),
        )

    # What it says.

    def receive(self, output: JobOutput, data: bytes) -> None:
        """Process a piece of a stream; b"" is its end."""
        self._heard = now = time.monotonic()
        # A line that the other stream has begun stands before what came after it. During a flood the
        # order is not known, and the line stays whole.
        other = self.stderr if output is self.stdout else self.stdout
        if not (output.pipe.wide or other.pipe.wide):
            self._say(other, other.line.take())
        self._say(output, output.feed(data, now))

    def _say(self, output: JobOutput, data: bytes) -> None:
        if data:
            self._emit(
                Output(
                    at=self._clock.now(),
                    stage=self.job.stage,
                    host=self.job.host,
                    stream=output.pipe.stream,
                    data=data,
                )
            )

    def note(self, text: str) -> None:
        """Emit a note about the job."""
        self._emit(Note(at=self._clock.now(), stage=self.job.stage, host=self.job.host, text=text))

    def _named(self, process: Process) -> str:
        words = self._masking.mask(process_tree.command(process.pid))
        return f"process {process.pid} ({words if len(words) <= 80 else f'{words[:79]}…'})"

    # When.

    @property
    def busy(self) -> bool:
        """Whether processes are being ended, or looked at."""
        return self.ending is not None or self._lingers_until is not None

    @property
    def started(self) -> bool:
        """Whether the supervisor has reported its end."""
        return bool(self.pid) or self.status is not None

    @property
    def unanswered(self) -> bool:
        """Whether the supervisor has something to tell of it: that it began, or that it ended."""
        if self.done or self.status is not None:
            return False
        found = process_tree.status(self.pid) if self.pid and process_tree.KNOWN else None
        return not self.pid or (process_tree.KNOWN and (found is None or found.zombie))

    def due(self) -> list[float]:
        """Return when the job needs attention next, if nothing happens before."""
        times = [self.stdout.line.due, self.stderr.line.due, self._dry_by]
        return [time for time in times if time is not None]

    def excuse(self, seconds: float) -> None:
        """Ignore this time in the time limits."""
        self._began += seconds
        self._heard += seconds

    def overdue(self, now: float) -> str:
        """Return the time limit that the job has passed, in words; empty while it may continue."""
        if self.status is not None or self._state or not self.started:
            return ""
        job = self.job
        if job.timeout is not None and now - self._began > job.timeout:
            return f"timed out after {duration.render(job.timeout)}"
        if job.idle_timeout is not None and now - self._heard > job.idle_timeout:
            return f"timed out: no output for {duration.render(job.idle_timeout)}"
        return ""

    # Its end.

    def ended(self, status: int, reason: str) -> None:
        """Note that its own process has ended, or could not be started."""
        self.status = status
        self._reason = self._reason or reason
        self.stdout.pipe.release()
        self.stderr.pipe.release()

    def end(self, ending: Ending, state: State, reason: str) -> None:
        """End the job; one that has ended by itself keeps its outcome."""
        self.ending = ending
        if self.status is None:
            self._state, self._reason = state, reason

    def abandon(self, reason: str) -> None:
        """Give the job up: its processes are gone, and their end is unknown."""
        if self.done:
            return
        if self.status is None:
            self._state, self._reason = self._state or State.FAILED, self._reason or reason
        self._over, self.ending, self._dry_by = True, None, 0.0
        for output in (self.stdout, self.stderr):
            output.pipe.release()

    def tree(self) -> set[Process]:
        """Return its processes, by its session and its children.

        A process that was seen once belongs to the job for good.
        """
        if not process_tree.KNOWN:
            return process_tree.living_groups([self.pid])
        found = {one for one in self._tree if process_tree.alive(one)}
        for pid in [self.pid, *(one.pid for one in found)]:
            found |= process_tree.descendants(pid)
        one = process_tree.status(self.pid)
        if one and not one.zombie and self.status is None:
            found.add(one.process)
        self._tree = found
        return found

    def _session(self, supervisor: Supervisor) -> set[Process]:
        if not process_tree.KNOWN:
            return process_tree.living_groups([self.pid])
        found = map(process_tree.status, (one.pid for one in supervisor.descendants()))
        return {one.process for one in found if one and one.session == self.pid}

    def advance(self, now: float, supervisor: Supervisor | None) -> None:
        """Do what is due; `done` becomes true when nothing is left to do."""
        for output in sorted((self.stdout, self.stderr), key=lambda one: one.line.due or 0):
            if output.line.due is not None and now >= output.line.due:
                self._say(output, output.line.take())
        if self.ending and self.ending.poll():
            for one in self.ending.stuck:
                self.note(
                    f"{self._named(one)} can't be ended: it hangs in the kernel, or is "
                    "another user's"
                )
            self._over, self.ending = True, None
        if self.ending or (self.status is None and not self._over):
            return
        if supervisor is None:
            self._over = True
        elif not self._over:
            self._end_leftovers(now, supervisor)
        if self._over:
            self._dry(now, supervisor)

    def _end_leftovers(self, now: float, supervisor: Supervisor) -> None:
        """End what its session still runs; a proper daemon has its own session, and stays.

        Some processes need a moment to end by themselves (`> >(tee log)`), or to become a daemon.
        """
        left = self._session(supervisor) if self.pid else set()
        if not left:
            self._over, self._lingers_until = True, None
        elif self._lingers_until is None:
            self._lingers_until = now + self._patience.lingering
        elif now >= self._lingers_until:
            self._lingers_until = None
            for one in sorted(left):
                self.note(f"left behind by the stage, and ended: {self._named(one)}")
            self.ending = Ending(
                lambda: self._session(supervisor),
                ending_steps(self._patience.left),
                [self.pid],
                supervisor.signal,
            )

    def _dry(self, now: float, supervisor: Supervisor | None) -> None:
        """Read what is still in its streams, for a while if somebody keeps them open."""
        if self._dry_by is None:
            self._dry_by = now + self._patience.open
            self.stdout.pipe.release()
            self.stderr.pipe.release()
        late = now >= self._dry_by
        if late:
            for output in (self.stdout, self.stderr):
                for _, data in self._reader.drain(output.pipe):
                    self.receive(output, data)
                self._cut(output, supervisor)
        dry = self.stdout.pipe.reading < 0 and self.stderr.pipe.reading < 0
        if dry and (late or self.status is not None):
            self._seconds = self._clock.now() - self._began_at
            self.done = True

    def _cut(self, output: JobOutput, supervisor: Supervisor | None) -> None:
        """The end of a stream that somebody keeps open."""
        if output.pipe.reading < 0:
            return
        holders = process_tree.holders(
            output.pipe.reading, supervisor.descendants() if supervisor else ()
        )
        by = ", ".join(map(self._named, holders))
        self.note(
            f"{output.pipe.stream} is no longer read, though it is kept open by "
            + (by or "a process that we don't know")
        )
        self._reader.close(output.pipe)
        self.receive(output, b"")

    def close(self) -> None:
        """Close its pipes."""
        for output in (self.stdout, self.stderr):
            self._reader.close(output.pipe)


def _in_words(status: int | None) -> str:
    """Return a process's status in words; empty for success."""
    if not status:
        return ""
    if status < 0:
        try:
            return f"ended by signal {-status} ({signal.Signals(-status).name})"
        except ValueError:  # a real-time signal
            return f"ended by signal {-status}"
    return f"exit status {status}"
