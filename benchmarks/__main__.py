"""The command line: `python -m benchmarks`, run in a checkout."""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

RUNS = 5


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print the pages, and write them where that is asked for; the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=(
            "Measure rebuilds beside virtualenv + pip, uv and cp -al, vendoring beside pip and uv, "
            "pushes beside a plain script, Capistrano, Fabric and Ansible, and Rolf beside "
            "Buildbot; in turn, in one run."
        ),
    )
    parser.add_argument("what", nargs="?", choices=MEASURED, help="default: all of them")
    parser.add_argument(
        "--runs", type=int, default=RUNS, help="counted rounds (default: %(default)s)"
    )
    parser.add_argument(
        "--quick", action="store_true", help="one round, less of everything: does it work at all?"
    )
    parser.add_argument(
        "--write", type=Path, metavar="DIRECTORY", help="write the pages and their pictures into it"
    )
    options = parser.parse_args(argv)
    for what in [options.what] if options.what else MEASURED:
        with tempfile.TemporaryDirectory(prefix="benchmarks-") as scratch:
            files = MEASURED[what](
                Path(scratch), 1 if options.quick else options.runs, options.quick
            )
        print(*(text for name, text in files.items() if name.endswith(".md")), sep="\n")
        for name, text in files.items():
            if options.write:
                (options.write / name).write_text(text, encoding="utf-8")
    return 0


def _rebuild(scratch: Path, runs: int, quick: bool) -> dict[str, str]:
    from benchmarks.measuring import measure
    from benchmarks.page import page
    from benchmarks.picture import picture

    results = measure(scratch, runs, quick=quick)
    return {"benchmarks.md": page(results, "benchmarks.svg"), "benchmarks.svg": picture(results)}


def _deploy(scratch: Path, runs: int, quick: bool) -> dict[str, str]:
    from benchmarks.deploy.measuring import measure
    from benchmarks.deploy.page import page

    return {"benchmarks-deploy.md": page(measure(scratch, runs, quick=quick))}


def _rolf(scratch: Path, runs: int, quick: bool) -> dict[str, str]:
    from benchmarks.rolf.measuring import measure
    from benchmarks.rolf.page import page

    return {"benchmarks-rolf.md": page(measure(scratch, runs, quick=quick))}


def _vendoring(scratch: Path, runs: int, quick: bool) -> dict[str, str]:
    from benchmarks.vendoring.measuring import measure
    from benchmarks.vendoring.page import page

    return {"benchmarks-vendoring.md": page(measure(scratch, runs))}


# What can be measured; each gives the files of its page.
MEASURED = {"rebuild": _rebuild, "vendoring": _vendoring, "deploy": _deploy, "rolf": _rolf}

if __name__ == "__main__":
    sys.exit(main())
