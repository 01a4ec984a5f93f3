"""The command line: `python -m reliability.vendoring`, run in a checkout."""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reliability.vendoring import sets, tarballs
from reliability.vendoring.page import page

PAGE = "reliability-vendoring.md"
ROWS = "reliability-vendoring.json"  # beside the page: the results of earlier runs
KINDS = {"sets": sets, "tarballs": tarballs}


def main(argv: Sequence[str] | None = None) -> int:
    """Try what is asked for, and print the page. Return 1 if something went wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m reliability.vendoring",
        description="Vendor real requirements from the configured index, and compare with uv and pip.",
    )
    parser.add_argument("name", nargs="*", help="sets, tarballs, or the name of one of them")
    parser.add_argument(
        "--write", type=Path, metavar="DIRECTORY", help="write the page into a directory"
    )
    options = parser.parse_args(argv)
    known = {kind: module.names() for kind, module in KINDS.items()}
    allowed = {*KINDS, *(name for each in known.values() for name in each)}
    if unknown := set(options.name) - allowed:
        parser.error(f"{', '.join(sorted(unknown))}: choose from {', '.join(sorted(allowed))}")
    rows: dict[str, dict[str, Any]] = _earlier(options.write)
    faults = 0
    with tempfile.TemporaryDirectory(prefix="vendoring-") as scratch:
        for kind, module in KINDS.items():
            for name in known[kind]:
                if options.name and not {kind, name} & set(options.name):
                    continue
                row = _shown(name, module.tried, Path(scratch))
                faults += len(row["faults"])
                rows[kind][name] = row
                # Names that are no longer tried go.
                rows[kind] = {each: rows[kind][each] for each in known[kind] if each in rows[kind]}
                if options.write:
                    text = json.dumps(rows, indent=1, ensure_ascii=False)
                    (options.write / ROWS).write_text(text + "\n", encoding="utf-8")
                    written = page(rows["sets"], rows["tarballs"])
                    (options.write / PAGE).write_text(written, encoding="utf-8")
    print(page(rows["sets"], rows["tarballs"]))
    return 1 if faults else 0


def _shown(name: str, tried: Any, scratch: Path) -> dict[str, Any]:
    begun = time.monotonic()
    row: dict[str, Any] = tried(name, scratch)
    print(f"{name}: {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
    for fault in row["faults"]:
        print(f"  - {fault}", file=sys.stderr, flush=True)
    return row


def _earlier(directory: Path | None) -> dict[str, dict[str, Any]]:
    """Return the results of earlier runs, by kind and name."""
    path = directory and directory / ROWS
    found: dict[str, dict[str, Any]] = (
        json.loads(path.read_text()) if path and path.exists() else {}
    )
    return {kind: found.get(kind, {}) for kind in KINDS}


if __name__ == "__main__":
    sys.exit(main())
