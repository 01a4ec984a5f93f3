"""A job: one stage on one host, and how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bootstrapper.deploy.events.event import State


@dataclass(frozen=True, kw_only=True)
class Job:
    """A command with its whole environment; `timeout` and `idle_timeout` are in seconds.

    `host` is empty unless the stage runs per host. `idle_timeout` counts from the last output, or
    from the start; a job that has closed its streams is no exception.
    """

    stage: int
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    directory: Path
    host: str = ""
    timeout: float | None = None
    idle_timeout: float | None = None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a job ended: SUCCEEDED, FAILED or CANCELLED, and why in words unless it succeeded.

    `exit` is its process's status, negative for a signal, None where none is known.
    """

    state: State
    exit: int | None
    seconds: float
    reason: str = ""
