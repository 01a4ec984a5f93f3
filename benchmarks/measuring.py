"""Rebuilds, measured: everything that goes into the page."""

import os
from pathlib import Path

from uv import find_uv_bin

from benchmarks import machine
from benchmarks.contender import PYTHON
from benchmarks.disk import disk
from benchmarks.growth import growth
from benchmarks.memory import peak
from benchmarks.race import Seconds, progress, race, stopwatch
from benchmarks.rebuilder import OURS_COLD, OURS_WARM, PIP, UV_WARM, everyone
from benchmarks.results import Results
from benchmarks.subject import generate, vendor

WHEELS = (10, 50, 100, 200, 400)


def measure(scratch: Path, runs: int, *, quick: bool) -> Results:
    """Everything, one thing after the other."""
    projects, wheels = (3, WHEELS[:3]) if quick else (20, WHEELS)
    described = machine.described(scratch)
    project = generate(scratch / "first")  # fills the user's cache, and the disk's
    generating = _generating(scratch, runs)
    vendor(project)
    contenders = everyone(project, scratch)
    rebuilding = race(contenders, runs)
    memory = {
        each.title: peak(each)
        for each in contenders
        if each.title in (OURS_WARM, OURS_COLD, PIP, UV_WARM)
    }
    lock = (project / "requirements/apps.txt").read_text(encoding="utf-8")
    by_title = {each.title: each for each in contenders}
    return Results(
        machine=described,
        versions={
            "Python": machine.version([PYTHON]),
            "uv": machine.version([find_uv_bin()]),
            "pip": machine.version([by_title[PIP].ve / "bin/pip"]),
        },
        wheels=sum(line.startswith("requirements/src/") for line in lock.splitlines()),
        files=sum(len(names) for _, _, names in os.walk(by_title[OURS_WARM].ve)),
        runs=runs,
        generating=generating,
        rebuilding=rebuilding,
        memory=memory,
        disk=disk(project, scratch, projects),
        growth=growth(project, scratch, wheels, min(runs, 3)),
    )


def _generating(scratch: Path, runs: int) -> Seconds:
    seconds: dict[str, list[float]] = {"empty cache": [], "full cache": []}
    for number in range(runs):
        cache = {"VENDOR_FETCH_CACHE": str(scratch / f"cache{number}")}
        for title in seconds:  # the second run finds what the first has fetched
            place = scratch / f"{title.split()[0]}{number}"
            seconds[title].append(
                stopwatch(lambda place=place, cache=cache: generate(place, cache))
            )  # type: ignore[misc]
    progress(f"generated {runs} times")
    return seconds
