"""The events of a push: the engine's only output.

Events know no screen and no database. The command line renders them and writes them to a journal;
Rolf stores and streams them. No event holds a secret.
"""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """The state of a push or a stage; only stages are `WAITING` or `SKIPPED`."""

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
    """The stream of a line of output."""

    STDOUT = "stdout"
    STDERR = "stderr"


@dataclass(frozen=True, kw_only=True)
class Event:
    """`at` is in seconds since 1970 and never goes back within a push, whatever the clock does."""

    at: float


@dataclass(frozen=True, kw_only=True)
class PushStarted(Event):
    """A push starts, or a resumed push continues."""

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
    """A message of the engine about a running stage, such as a time-out."""

    text: str


@dataclass(frozen=True, kw_only=True)
class VariableSet(StageEvent):
    """A stage wrote the line `NAME=value` into ROLF_OUTPUT."""

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
