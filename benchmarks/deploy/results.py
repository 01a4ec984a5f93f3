"""Everything that one run has found of pushes."""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from benchmarks.deploy import ours
from benchmarks.deploy.fleet import ALL, ONE, Fleet
from benchmarks.deploy.overhead import BASH, CAT, LINES, MANY, NOTHING, Overhead
from benchmarks.deploy.peer import ANSIBLE, CAPISTRANO, FABRIC, SCRIPT
from benchmarks.race import Seconds, ratio
from benchmarks.target import Target

MOST_MEGABYTES = 60


@dataclass(frozen=True, kw_only=True)
class Results:
    """`machine` and `versions` in words; `files` is the size of what is pushed beside the peers.

    `missing` says of each peer that isn't there how to get it.
    """

    machine: str
    versions: Mapping[str, str]
    missing: Mapping[str, str]
    runs: int
    files: int
    pushing: Seconds
    rolling_back: Seconds
    rebuilding: Seconds
    overhead: Overhead
    fleet: Fleet

    def targets(self) -> list[Target]:
        """What is to be reached, and what was."""

        def push(most: float, other: str) -> Target:
            return _times("push", self.pushing, ours.TITLE, most, other)

        return [
            push(1.25, SCRIPT),
            push(0.5, CAPISTRANO),
            push(0.5, FABRIC),
            push(0.25, ANSIBLE),
            _times("rollback", self.rolling_back, ours.TITLE, 0.2, CAPISTRANO),
            _times("push of the set", self.rebuilding, ours.REBUILDING, 1.5, ours.PLAIN),
            Target(
                what="an empty stage / bash -c true",
                most=5,
                measured=_difference(self.overhead.stages, MANY, NOTHING, BASH),
            ),
            Target(
                what=f"{self.overhead.lines:,} lines through a stage / {CAT}",
                most=3,
                measured=_difference(self.overhead.output, LINES, NOTHING, CAT),
            ),
            Target(
                what="MB that its processes take meanwhile",
                most=MOST_MEGABYTES,
                measured=self.overhead.memory.together / 1e6,
            ),
            _times(f"push to {self.fleet.hosts} hosts", self.fleet.seconds, ALL, 2, ONE),
        ]


def _times(what: str, seconds: Seconds, one: str, most: float, other: str) -> Target:
    return Target(
        what=f"{what}: {one} / {other}",
        most=most,
        measured=ratio(seconds, one, other) if other in seconds else None,
    )


def _difference(seconds: Seconds, more: str, less: str, unit: str) -> float:
    """How often `unit` fits into what `more` takes longer than `less`."""
    return median(
        (a - b) / c for a, b, c in zip(seconds[more], seconds[less], seconds[unit], strict=True)
    )
