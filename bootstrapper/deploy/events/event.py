"""What happens in a push, one event after the other: all that the engine says.

It knows no screen and no database: the command line renders events and keeps them in a journal,
Rolf stores and streams them. No event holds a secret.
"""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Of a push, and of each of its stages, which are `WAITING` or `SKIPPED` besides."""

    QUEUED = "queued"
    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"  # its runner died
    SKIPPED = "skipped"


# What each state means; docs/reference.md prints this table.
STATES = {
    State.QUEUED: "has a number, and has not started",
    State.WAITING: "only a stage: has not started",
    State.RUNNING: "runs; its runner holds the lock",
    State.SUCCEEDED: "ended, and all of it worked",
    State.FAILED: "ended, and something did not work: `reason` says what",
    State.CANCELLED: "was ended by a user",
    State.LOST: "did not end: its runner died",
    State.SKIPPED: "only a stage: was left out",
}


class Stream(StrEnum):
    """Where a line of output came from."""

    STDOUT = "stdout"
    STDERR = "stderr"


@dataclass(frozen=True, kw_only=True)
class Event:
    """`at` is in seconds since 1970 and never goes back within a push, whatever the clock does."""

    at: float


@dataclass(frozen=True, kw_only=True)
class PushStarted(Event):
    """The first event, and that of a push which is resumed."""

    resumed: bool = False


@dataclass(frozen=True, kw_only=True)
class StageEvent(Event):
    """`stage` is its index among the push's stages; `host` is empty unless it runs per host."""

    stage: int
    host: str = ""


@dataclass(frozen=True, kw_only=True)
class StageStarted(StageEvent):
    """The stage's process is about to start."""


@dataclass(frozen=True, kw_only=True)
class Output(StageEvent):
    """Whole lines that arrived together; the last has no newline where the stage left it open.

    Secrets are masked. A line longer than a piece (64 KiB), or one that stays open for long, comes
    in pieces: only the last of them ends with a newline.
    """

    stream: Stream
    data: bytes


@dataclass(frozen=True, kw_only=True)
class Note(StageEvent):
    """What the engine itself has to say about a running stage: a time-out, a process it ended."""

    text: str


@dataclass(frozen=True, kw_only=True)
class VariableSet(StageEvent):
    """A line `NAME=value` that the stage wrote into ROLF_OUTPUT."""

    name: str
    value: str


@dataclass(frozen=True, kw_only=True)
class StageEnded(StageEvent):
    """`exit` is the process's status, negative for a signal, None where no process ran or is known.

    `reason` says in words why it did not succeed. `seconds` is how long it took.
    """

    state: State
    exit: int | None = None
    seconds: float = 0.0
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class PushEnded(Event):
    """The last event; none comes when the runner dies, and the push is then lost."""

    state: State
    reason: str = ""
