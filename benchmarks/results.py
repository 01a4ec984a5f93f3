"""Everything that one run of `make bench` has found."""

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.disk import Disk
from benchmarks.growth import Line
from benchmarks.memory import Peak
from benchmarks.race import Seconds, ratio
from benchmarks.rebuilder import LIMIT, OURS_COLD, OURS_WARM, PIP, UV_COLD_BYTECODE, UV_WARM
from benchmarks.target import Target

MOST_OF_FIRST_DISK = 0.05
MOST_OF_PIPS_MEMORY = 1.0


@dataclass(frozen=True, kw_only=True)
class Results:
    """`machine` and `versions` in words; `wheels` and `files` are the size of the set."""

    machine: str
    versions: Mapping[str, str]
    wheels: int
    files: int
    runs: int
    generating: Seconds
    rebuilding: Seconds
    memory: Mapping[str, Peak]
    disk: Disk
    growth: Mapping[str, Line]

    def targets(self) -> list[Target]:
        """What is to be reached, and what was."""

        def times(one: str, most: float, other: str) -> Target:
            return Target(
                what=f"{one} / {other}", most=most, measured=ratio(self.rebuilding, one, other)
            )

        ours = max(self.memory[title].largest for title in (OURS_WARM, OURS_COLD))
        return [
            times(OURS_WARM, 0.5, UV_WARM),
            times(OURS_WARM, 0.05, PIP),
            times(OURS_WARM, 2.0, LIMIT),
            times(OURS_COLD, 0.7, UV_COLD_BYTECODE),
            times(OURS_COLD, 0.4, PIP),
            Target(
                what=f"disk of project {self.disk.projects} / the first one's",
                most=MOST_OF_FIRST_DISK,
                measured=self.disk.last / self.disk.first,
            ),
            Target(
                what="peak memory of the largest process, cold or warm / pip's",
                most=MOST_OF_PIPS_MEMORY,
                measured=ours / self.memory[PIP].largest,
            ),
        ]
