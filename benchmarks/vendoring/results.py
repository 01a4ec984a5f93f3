"""Everything that one run has found of vendoring."""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from benchmarks.race import Seconds, ratio
from benchmarks.target import Target
from benchmarks.vendoring.contenders import (
    CHECK,
    OURS_COLD,
    OURS_NINE,
    OURS_WARM,
    PIP_COLD,
    PIP_WARM,
    SHA256,
    UPGRADE,
    UV_WARM,
)


@dataclass(frozen=True, kw_only=True)
class Requests:
    """What one cold sync of nine targets has asked the index for.

    `files` and `pages` are numbers of requests, those of the metadata of wheels not counted.
    """

    files: int
    distinct_files: int
    pages: int
    packages: int
    metadata: int
    distinct_metadata: int


@dataclass(frozen=True, kw_only=True)
class Results:
    """`sizes` are the number and the bytes of the vendored files by the title of a command."""

    machine: str
    versions: Mapping[str, str]
    runs: int
    warm: Seconds
    cold: Seconds
    upgrading: Seconds
    checking: Seconds
    requests: Requests
    sizes: Mapping[str, tuple[int, int]]

    def targets(self) -> list[Target]:
        """What is to be reached, and what was."""

        def times(seconds: Seconds, one: str, most: float, other: str) -> Target:
            return Target(what=f"{one} / {other}", most=most, measured=ratio(seconds, one, other))

        return [
            times(self.warm, OURS_WARM, 0.3, PIP_WARM),
            times(self.warm, OURS_WARM, 1.5, UV_WARM),
            times(self.cold, OURS_COLD, 0.6, PIP_COLD),
            times(self.cold, OURS_NINE, 2.0, OURS_COLD),
            Target(
                what="9 targets, cold: GETs of files / distinct files",
                most=1.0,
                measured=self.requests.files / self.requests.distinct_files,
            ),
            Target(
                what="9 targets, cold: GETs of project pages / packages",
                most=1.0,
                measured=self.requests.pages / self.requests.packages,
            ),
            times(self.checking, CHECK, 3.0, SHA256),
            Target(what=f"{UPGRADE}, s", most=1.5, measured=median(self.upgrading[UPGRADE])),
        ]
