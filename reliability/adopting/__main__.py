"""The command line: `python -m reliability.adopting`, run as root in a checkout."""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reliability.adopting.kills import killed
from reliability.adopting.page import page
from reliability.adopting.sets import names, read_set
from reliability.adopting.walk import Walk

PAGE = "reliability-adopting.md"
ROWS = "reliability-adopting.json"  # beside the page: the results of earlier runs


def main(argv: Sequence[str] | None = None) -> int:
    """Walk the sets, and print the page. Return 1 if something went wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m reliability.adopting",
        description="Move the dependency files of real projects in, and serve a page with them.",
    )
    parser.add_argument("name", nargs="*", help=f"a set: {', '.join(names())}")
    parser.add_argument("--write", type=Path, metavar="DIRECTORY", help="write the page into it")
    parser.add_argument("--keep", type=Path, metavar="DIRECTORY", help="work there, and keep it")
    parser.add_argument("--kills", action="store_true", help="kill init and init --undo instead")
    options = parser.parse_args(argv)
    if unknown := set(options.name) - set(names()):
        parser.error(f"{', '.join(sorted(unknown))}: choose from {', '.join(names())}")
    rows_file = options.write and options.write / ROWS
    rows: dict[str, dict[str, Any]] = (
        json.loads(rows_file.read_text()) if rows_file and rows_file.exists() else {}
    )
    faults = 0
    with tempfile.TemporaryDirectory(prefix="adopting-") as temporary:
        Path(temporary).chmod(0o755)  # for Apache's user
        directory = options.keep.absolute() if options.keep else Path(temporary)
        for name in options.name or names():
            real = read_set(name)
            walk = Walk(real=real, scratch=directory / name, programs=directory / "programs")
            if options.kills:
                walk.adopt()
                rows[name] = {**rows.get(name, {"faults": []}), "kills": killed(walk)}
                faults += sum(each["neither"] for each in rows[name]["kills"].values())
            else:
                kept = {key: value for key, value in rows.get(name, {}).items() if key == "kills"}
                rows[name] = {**kept, **walk.walk(), "debian": real.debian}
                faults += len(rows[name]["faults"])
            for fault in rows[name]["faults"]:
                print(f"{name}: {fault}", file=sys.stderr, flush=True)
            rows = {each: rows[each] for each in names() if each in rows}
            if options.write:
                text = json.dumps(rows, indent=1, ensure_ascii=False)
                (options.write / ROWS).write_text(text + "\n", encoding="utf-8")
                (options.write / PAGE).write_text(page(rows), encoding="utf-8")
    print(page(rows))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
