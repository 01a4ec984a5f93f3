"""Everything that one run has found of Rolf."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.race import Seconds, ratio
from benchmarks.rolf.following import FLUSH, Followed
from benchmarks.rolf.lap import Lap
from benchmarks.rolf.logs import DOWNLOAD, Logs
from benchmarks.rolf.many import Pages
from benchmarks.target import Target

ROLF, COMMAND_LINE, BUILDBOT = "Rolf", "bootstrapper deploy", "Buildbot"


@dataclass(frozen=True, kw_only=True)
class Results:
    """`laps` and `megabytes` are of the same steps by Rolf and, where it is there, by Buildbot."""

    machine: str
    versions: Mapping[str, str]
    missing: Mapping[str, str]
    runs: int
    followed: Followed
    logs: Logs
    pages: Pages
    pushing: Seconds
    laps: Mapping[str, Sequence[Lap]]
    megabytes: Mapping[str, float]

    def targets(self) -> list[Target]:
        """What is to be reached, and what was."""
        return [
            Target(
                what="a line is on the page: p95 / the worker's flush interval",
                most=3,
                measured=self.followed.p95 / FLUSH,
            ),
            Target(
                what="lines lost or doubled over reconnects",
                most=0,
                measured=self.followed.lost + self.followed.doubled,
            ),
            *(
                Target(
                    what=f"{what}: {self.logs.lines:,} lines / 1,000 lines",
                    most=2,
                    measured=median(self.logs.long[what]) / median(self.logs.short[what]),
                )
                for what in self.logs.short
                if what != DOWNLOAD
            ),
            *(
                Target(
                    what=f"{what}: in the store / in the database",
                    most=2,
                    measured=ratio(
                        {"s": self.logs.stored[what], "d": self.logs.long[what]}, "s", "d"
                    ),
                )
                for what in self.logs.long
            ),
            Target(
                what="rows of a line a second for 15 minutes",
                most=4,
                measured=self.logs.kept.slow_rows[1],
            ),
            Target(
                what="memory to join or store a log / the log",
                most=0.25,
                measured=max(self.logs.kept.join_memory, self.logs.kept.store_memory)
                / self.logs.kept.megabytes,
            ),
            *(
                Target(
                    what=f"queries of the {page}: many / few",
                    most=1,
                    measured=self.pages.many[page]["queries"] / self.pages.few[page]["queries"],
                )
                for page in self.pages.few
            ),
            *(
                Target(
                    what=f"time of the {page}: many / few",
                    most=2,
                    measured=self.pages.many[page]["seconds"] / self.pages.few[page]["seconds"],
                )
                for page in self.pages.few
            ),
            Target(
                what=f"a push: {ROLF} / {COMMAND_LINE}",
                most=1.15,
                measured=ratio(self.pushing, ROLF, COMMAND_LINE),
            ),
            *self._beside_buildbot(),
        ]

    def _beside_buildbot(self) -> list[Target]:
        def lap(what: str) -> float | None:
            if BUILDBOT not in self.laps:
                return None
            return ratio(
                {title: [getattr(lap, what) for lap in laps] for title, laps in self.laps.items()},
                ROLF,
                BUILDBOT,
            )

        memory = (
            self.megabytes[ROLF] / self.megabytes[BUILDBOT] if BUILDBOT in self.megabytes else None
        )
        return [
            Target(what=f"click to first line: {ROLF} / {BUILDBOT}", most=1, measured=lap("first")),
            Target(what=f"click to the end: {ROLF} / {BUILDBOT}", most=1, measured=lap("whole")),
            Target(what=f"memory: {ROLF} / {BUILDBOT}", most=1, measured=memory),
        ]
