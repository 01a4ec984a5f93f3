"""Rolf, measured: everything that goes into the page."""

from pathlib import Path

from benchmarks import machine
from benchmarks.contender import PYTHON
from benchmarks.race import progress
from benchmarks.rolf import following, logs, many, pushing
from benchmarks.rolf.instance import project
from benchmarks.rolf.results import Results


def measure(scratch: Path, runs: int, *, quick: bool) -> Results:
    """Everything, one thing after the other."""
    described = machine.described(scratch)
    rolf = project(scratch)
    progress("following")
    followed = following.follow(rolf, scratch, quick=quick)
    progress("long logs")
    read = logs.measure(rolf, scratch, quick=quick)
    progress("many deployments")
    pages = many.measure(rolf, scratch, quick=quick)
    progress("pushes")
    pushed = pushing.by_command_line(rolf, scratch, runs)
    progress("Buildbot")
    laps, megabytes, missing = pushing.beside_buildbot(rolf, scratch, runs)
    return Results(
        machine=described,
        runs=runs,
        missing=missing,
        followed=followed,
        logs=read,
        pages=pages,
        versions={"Python": machine.version([PYTHON])},
        pushing=pushed,
        laps=laps,
        megabytes=megabytes,
    )
