"""Give rolf/ its vendored files: those of its lock, and our own wheel, built from this checkout.

A generated project commits its vendored files. This repository does not; `make rolf` fetches them,
and `make rolf ALL=1` those of every option of rolf/requirements/apps.in, too.
"""

import argparse
import re
import shutil
import sys
from pathlib import Path

from bootstrapper.errors import BootstrapperError
from bootstrapper.progress import Progress
from vendor_fetch.program import sync_command
from vendor_fetch.project.project import APPS_IN
from vendor_fetch.template.generation import vendor_project

REPOSITORY = Path(__file__).resolve().parents[1]

# Files that belong to a checkout or to a running Rolf.
NOT_COPIED = shutil.ignore_patterns("__pycache__", ".ruff_cache", "ve", ".ve.*", ".tools", ".env")


# The locks of Rolf, without options and with all of them.
LOCKS = {False: "rolf", True: "rolf-all"}


def lay_out(directory: Path, python: str = "", *, options: bool = False) -> None:
    """Copy this checkout's Rolf to a directory, with its vendored files.

    `python` is the Python that the copy is pinned to, such as 3.12. Without it, the copy allows
    every Python of Rolf, and its files are for the running one. With `options`, the copy asks for
    every option of apps.in.
    """
    shutil.copytree(
        REPOSITORY / "rolf",
        directory,
        ignore=lambda where, names: {
            *NOT_COPIED(where, names),
            *(("data", "media", "static") if Path(where) == REPOSITORY / "rolf" else ()),
            *(("src", "apps.txt", "tools.txt") if Path(where).name == "requirements" else ()),
        },
    )
    (directory / "data").mkdir()
    if python:
        pinned = directory / "pyproject.toml"
        text = pinned.read_text()
        pinned.write_text(
            re.sub("(?m)^requires-python = .*", f'requires-python = "=={python}.*"', text)
        )
    if options:
        apps_in = directory / APPS_IN
        apps_in.write_text(re.sub("(?m)^# (?=-r )", "", apps_in.read_text()))
    vendor_project(REPOSITORY, directory, locks_for=LOCKS[options], progress=Progress())


def main() -> int:
    """Fetch the files, and return the exit status."""
    parser = argparse.ArgumentParser(description="Fetch Rolf's vendored files into rolf/.")
    parser.add_argument("--all", action="store_true", help="those of every option, too")
    locks_for = LOCKS[parser.parse_args().all]
    try:
        vendor_project(REPOSITORY, REPOSITORY / "rolf", locks_for=locks_for, progress=Progress())
    except BootstrapperError as error:
        print(str(error).replace(sync_command(), "make rolf"), file=sys.stderr)
        return error.status
    print("rolf/ has its files. Next:\n\n    cd rolf\n    ./bootstrap.py\n    ./manage.py rolf\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
