"""The command line: `python -m reliability`, run in a checkout as root."""

import argparse
import json
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.machine import described
from reliability.page import page
from reliability.scenario import Result, Scenario
from reliability.scenarios import SCENARIOS
from tests.conftest import bootstrap
from tests.support.site import DEBIAN_PYTHON, PYTHON_VERSION
from tools.rolf_files import lay_out

PAGE = "reliability-rolf.md"
ROWS = "reliability-rolf.json"  # beside the page: the results of earlier runs


def main(argv: Sequence[str] | None = None) -> int:
    """Show what is asked for, and print the page. Return 1 if a promise was broken."""
    parser = argparse.ArgumentParser(
        prog="python -m reliability",
        description="Push with a Rolf on several machines while things go wrong, and compare.",
    )
    names = [scenario.name for scenario in SCENARIOS]
    parser.add_argument("name", nargs="*", help=f"default: all of {', '.join(names)}")
    parser.add_argument("--short", action="store_true", help="less of everything")
    parser.add_argument(
        "--write", type=Path, metavar="DIRECTORY", help="write the page into a directory"
    )
    parser.add_argument("--project", type=Path, help="a Rolf with all options that is built")
    options = parser.parse_args(argv)
    if unknown := set(options.name) - set(names):
        parser.error(f"{', '.join(sorted(unknown))}: choose from {', '.join(names)}")
    chosen = [each for each in SCENARIOS if each.name in (options.name or names)]
    with tempfile.TemporaryDirectory(prefix="reliability-") as scratch:
        machine = described(Path(scratch))
        project = options.project or _built(Path(scratch) / "rolf")
        broken, rows = 0, _earlier(options.write)
        for scenario in chosen:
            result = _shown(scenario, project, Path(scratch) / scenario.name, not options.short)
            broken += bool(result.faults)
            rows[scenario.name] = {
                "measured": result.measured,
                "faults": result.faults,
                "details": result.details,
                "form": "short" if options.short else "long",
                "date": time.strftime("%Y-%m-%d"),
            }
            if options.write:
                ordered = {each.name: rows[each.name] for each in SCENARIOS if each.name in rows}
                text = json.dumps(ordered, indent=1, ensure_ascii=False)
                (options.write / ROWS).write_text(text + "\n")
                (options.write / PAGE).write_text(page(SCENARIOS, rows, machine))
    print(page(SCENARIOS, rows, machine))
    return 1 if broken else 0


def _earlier(directory: Path | None) -> dict[str, Any]:
    """Return the results of earlier runs, by scenario."""
    rows = directory and directory / ROWS
    return json.loads(rows.read_text()) if rows and rows.exists() else {}


def _shown(scenario: Scenario, project: Path, directory: Path, whole: bool) -> Result:
    """Return the result; a scenario that cannot be carried out is a fault as well."""
    print(f"{scenario.name}: {scenario.title}", file=sys.stderr, flush=True)
    begun = time.monotonic()
    try:
        result = scenario.run(project, directory, whole)
    except Exception as error:
        traceback.print_exc()
        result = Result(measured="-", faults=[f"it could not be carried out: {error!r}"[:300]])
    print(f"  {time.monotonic() - begun:.0f} s: {result.measured}", file=sys.stderr)
    for fault in result.faults:
        print(f"  - {fault}", file=sys.stderr, flush=True)
    return result


def _built(directory: Path) -> Path:
    lay_out(directory, PYTHON_VERSION, options=True)
    run = bootstrap(directory, "--python", DEBIAN_PYTHON)
    if run.returncode:
        sys.exit(run.stderr)
    return directory


if __name__ == "__main__":
    sys.exit(main())
