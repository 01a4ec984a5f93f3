"""Whether time grows in step with the number of wheels."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import correlation, linear_regression, median

from benchmarks.race import progress, race
from benchmarks.rebuilder import OURS_COLD, OURS_WARM, ours
from benchmarks.subject import synthetic


@dataclass(frozen=True, kw_only=True)
class Line:
    """Median seconds by number of wheels, and the straight line through them."""

    medians: Mapping[int, float]
    start: float
    per_wheel: float
    r_squared: float


def growth(project: Path, scratch: Path, wheels: Sequence[int], runs: int) -> Mapping[str, Line]:
    """Warm and cold rebuilds of made-up wheels in different numbers: a line for each."""
    medians: dict[str, dict[int, float]] = {OURS_WARM: {}, OURS_COLD: {}}
    for number in wheels:
        place = synthetic(project, scratch / f"growth{number}", number)
        # One ve, rebuilt from a store that has all, then from one that has nothing.
        both = [
            ours(place, scratch / "store-growth"),
            ours(place, scratch / "store-growth-cold", OURS_COLD, cold=True),
        ]
        seconds = race([replace(each, imports="madeup000.module0") for each in both], runs)
        for title, each in seconds.items():
            medians[title][number] = median(each)
        shutil.rmtree(place)
        progress(f"{number} wheels")
    return {title: _fit(each) for title, each in medians.items()}


def _fit(medians: Mapping[int, float]) -> Line:
    slope, intercept = linear_regression(list(medians), list(medians.values()))
    return Line(
        medians=medians,
        start=intercept,
        per_wheel=slope,
        r_squared=correlation(list(medians), list(medians.values())) ** 2,
    )
