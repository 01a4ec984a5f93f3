"""What the stages wrote on the target, which is true whatever Rolf reports."""

import itertools
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_TIME = re.compile(r" at ([0-9.]+)$", re.MULTILINE)


@dataclass
class Run:
    """The run of a stage of a push. Times are seconds since the start of the machine.

    `ended` is None if the stage was stopped. `last` is the time of the last thing that it did.
    `processes` are the ids of its ancestors on its machine, from its own on.
    """

    stage: int
    begun: float
    machine: str
    processes: tuple[int, ...]
    lines: list[str] = field(default_factory=list)
    ended: float | None = None
    last: float = 0.0


@dataclass
class TargetPush:
    """A push as the target saw it: its runs in the order of their beginnings."""

    deployment: int
    number: int
    runs: list[Run] = field(default_factory=list)

    @property
    def lines(self) -> list[str]:
        """The lines that its stages wrote, in order."""
        return [line for run in self.runs for line in run.lines]

    @property
    def begun(self) -> float:
        return min(run.begun for run in self.runs)

    @property
    def last(self) -> float:
        return max(run.last for run in self.runs)

    @property
    def repeated(self) -> list[int]:
        """The stages that began more than once."""
        stages = [run.stage for run in self.runs]
        return sorted({stage for stage in stages if stages.count(stage) > 1})

    def complete(self, stages: int) -> bool:
        """Return whether each stage began once and ended."""
        return [run.stage for run in self.runs if run.ended is not None] == list(range(stages))


def pushes(directory: Path) -> dict[tuple[int, int], TargetPush]:
    """Return what the files say, by deployment and number of the push."""
    found: dict[tuple[int, int], TargetPush] = {}
    for file in sorted(directory.glob("*.events")):
        deployment = int(file.stem)
        for words in map(str.split, file.read_text().splitlines()):
            what, number, stage, up = words[0], int(words[1]), int(words[2]), float(words[3])
            push = found.setdefault((deployment, number), TargetPush(deployment, number))
            if what == "begin":
                processes = tuple(int(word) for word in words[5].split(",") if word)
                push.runs.append(Run(stage, up, words[4], processes, last=up))
            else:
                for run in reversed(push.runs):
                    if run.stage == stage:
                        run.ended = run.last = up
                        break
    for push in found.values():
        for run in push.runs:
            output = directory / f"{push.deployment}-{push.number}-{run.stage}.out"
            text = output.read_text() if output.exists() else ""
            run.lines = text.splitlines()
            times = [float(time) for time in _TIME.findall(text)]
            run.last = max([run.last, *times])
    return found


def overlaps(found: dict[tuple[int, int], TargetPush]) -> Iterator[str]:
    """Yield each pair of pushes of a deployment that ran at the same time."""
    by_deployment: dict[int, list[TargetPush]] = defaultdict(list)
    for push in found.values():
        by_deployment[push.deployment].append(push)
    for deployment, those in by_deployment.items():
        those.sort(key=lambda push: push.begun)
        for one, other in itertools.pairwise(those):
            # The clock has hundredths of a second.
            if one.last > other.begun + 0.015:
                yield (
                    f"deployment {deployment}: push {one.number} still ran "
                    f"{one.last - other.begun:.1f} s after push {other.number} began"
                )
