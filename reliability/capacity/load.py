"""What a large installation asks of its database, by the costs of each thing that it does."""

from collections.abc import Mapping
from dataclasses import dataclass

BEAT, SWEEP, LOOK = 2.0, 5.0, 5.0  # seconds: worker/process.py and pushes/models/worker.py
FLUSH, ASK, WATCH = 0.25, 0.25, 1.0  # seconds: pushes/run/journal.py, worker/process.py
DAY = 86_400

Costs = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, kw_only=True)
class Load:
    """An installation at its busiest: `peak` times the mean of a day."""

    deployments: int = 10_000
    workers: int = 1_000
    log_bytes: float = 100e9  # a day
    pushes: int = 100_000  # a day
    push_seconds: float = 60.0
    pages: float = 50.0  # a second, at the peak
    surveys: float = 5.0  # a second, at the peak: the page of a deployment is opened
    peak: float = 5.0

    @property
    def begun(self) -> float:
        """Pushes that are queued in a second."""
        return self.pushes / DAY * self.peak

    @property
    def running(self) -> float:
        """Pushes that run at a time."""
        return self.begun * self.push_seconds


@dataclass(frozen=True)
class Demand:
    """What is done so often in a second, and what that takes in a second."""

    what: str
    rate: float
    statements: float
    cores: float
    wal: float  # bytes


def demands(load: Load, costs: Costs, *, wakes_all: bool = True) -> list[Demand]:
    """Return what the installation asks of the database in a second.

    With `wakes_all` each notification wakes every worker, as now. Otherwise one worker.
    """
    woken = load.workers if wakes_all else 1
    queued = load.begun + load.surveys
    chunks = load.running / FLUSH
    large = load.log_bytes / DAY * load.peak / 64_000
    listeners = load.workers if wakes_all else 0
    return [
        _of("heartbeats", load.workers / BEAT, costs["heartbeat"]),
        _of("sweeps", load.workers / SWEEP, costs["sweep"]),
        _of("looks at what waits, by time", load.workers / LOOK, costs["look"]),
        _of("looks at what waits, by notification", queued * woken, costs["look"]),
        _of("failed tries to claim", load.begun * (woken - 1), costs["failed try"]),
        _of("claims", load.begun, costs["claim of 1"]),
        _of("chunks of output", chunks, costs["a line"]),
        _of("the bytes of output", large, costs["64 KB"]),
        _of("whether a push is cancelled", load.running / ASK, costs["ask"]),
        _of("watches over pushes", load.running / WATCH, costs["watch"]),
        _of("pages of pushes", load.pages, costs["page of a push"]),
        Demand(
            "workers that notifications of output wake",
            chunks * listeners,
            0.0,
            chunks * listeners * costs["notify of another channel"]["cpu"],
            0.0,
        ),
        Demand(
            "workers that notifications of waiting pushes wake",
            queued * listeners,
            0.0,
            queued * listeners * costs["notify"]["cpu"],
            0.0,
        ),
    ]


def _of(what: str, rate: float, cost: Mapping[str, float]) -> Demand:
    return Demand(
        what, rate, rate * cost["statements"], rate * cost["cpu"], rate * cost.get("wal", 0.0)
    )


def idle_statements(workers: int, costs: Costs) -> float:
    """Return the statements in a second of workers that have nothing to do."""
    return workers * (
        costs["heartbeat"]["statements"] / BEAT
        + costs["sweep"]["statements"] / SWEEP
        + costs["look"]["statements"] / LOOK
    )
