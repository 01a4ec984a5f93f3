"""Pages where there are few deployments and pushes, and where there are very many."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.rolf.instance import empty, inside

FEW, MANY = (10, 100), (1_000, 100_000)  # deployments, and pushes of all of them together


@dataclass(frozen=True, kw_only=True)
class Pages:
    """By page: `queries`, and the median of its `seconds`."""

    few: Mapping[str, Mapping[str, float]]
    many: Mapping[str, Mapping[str, float]]
    deployments: int
    pushes: int


def measure(project: Path, scratch: Path, *, quick: bool) -> Pages:
    """The one, then the other: within each, the pages in turn."""
    deployments, pushes = (MANY[0] // 10, MANY[1] // 10) if quick else MANY
    found = []
    for name, size in (("few", FEW), ("many", (deployments, pushes))):
        home = empty(project, scratch / name)
        inside(home, "seed", *size)
        found.append(inside(home, "pages"))
    return Pages(few=found[0], many=found[1], deployments=deployments, pushes=pushes)
