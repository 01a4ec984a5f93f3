"""The command line: `python -m benchmarks`, run in a checkout."""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from uv import find_uv_bin

from benchmarks import machine
from benchmarks.contender import OURS_COLD, OURS_WARM, PIP, PYTHON, UV_WARM, everyone
from benchmarks.disk import disk
from benchmarks.growth import growth
from benchmarks.memory import peak
from benchmarks.page import page
from benchmarks.picture import picture
from benchmarks.race import Seconds, progress, race, stopwatch
from benchmarks.results import Results
from benchmarks.subject import generate, vendor

PAGE, PICTURE = "benchmarks.md", "benchmarks.svg"
WHEELS = (10, 50, 100, 200, 400)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print the page, and write it where that is asked for; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(
        "Measure rebuilds beside virtualenv + pip, uv and cp -al, in turn, in one run."))
    parser.add_argument("--runs", type=int, default=5, help="counted rounds (default: %(default)s)")
    parser.add_argument("--quick", action="store_true",
                        help="one round, few projects, few wheels: does it work at all?")
    parser.add_argument("--write", type=Path, metavar="DIRECTORY",
                        help=f"write {PAGE} and {PICTURE} into it")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as scratch:
        results = measure(Path(scratch), 1 if options.quick else options.runs,
                          projects=3 if options.quick else 20,
                          wheels=WHEELS[:3] if options.quick else WHEELS)
    text = page(results, PICTURE)
    print(text)
    if options.write:
        (options.write / PAGE).write_text(text, encoding="utf-8")
        (options.write / PICTURE).write_text(picture(results), encoding="utf-8")
    return 0


def measure(scratch: Path, runs: int, *, projects: int, wheels: Sequence[int]) -> Results:
    """Everything, one thing after the other."""
    described = machine.described(scratch)
    project = generate(scratch / "first")  # fills the user's cache, and the disk's
    generating = _generating(scratch, runs)
    vendor(project)
    contenders = everyone(project, scratch)
    rebuilding = race(contenders, runs)
    memory = {each.title: peak(each) for each in contenders
              if each.title in (OURS_WARM, OURS_COLD, PIP, UV_WARM)}
    lock = (project / "requirements/apps.txt").read_text(encoding="utf-8")
    by_title = {each.title: each for each in contenders}
    return Results(
        machine=described,
        versions={"Python": machine.version([PYTHON]), "uv": machine.version([find_uv_bin()]),
                  "pip": machine.version([by_title[PIP].ve / "bin/pip"])},
        wheels=sum(line.startswith("requirements/src/") for line in lock.splitlines()),
        files=sum(len(names) for _, _, names in os.walk(by_title[OURS_WARM].ve)),
        runs=runs, generating=generating, rebuilding=rebuilding, memory=memory,
        disk=disk(project, scratch, projects),
        growth=growth(project, scratch, wheels, min(runs, 3)))


def _generating(scratch: Path, runs: int) -> Seconds:
    seconds: dict[str, list[float]] = {"empty cache": [], "full cache": []}
    for number in range(runs):
        cache = {"VENDOR_FETCH_CACHE": str(scratch / f"cache{number}")}
        for title in seconds:  # the second run finds what the first has fetched
            place = scratch / f"{title.split()[0]}{number}"
            seconds[title].append(stopwatch(
                lambda place=place, cache=cache: generate(place, cache)))  # type: ignore[misc]
    progress(f"generated {runs} times")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
