"""Give rolf/ its vendored files: those of its lock, and our own wheel, built from this checkout.

A generated project commits its vendored files. This repository does not; `make rolf` fetches them.
"""

import platform
import re
import shutil
import sys
from pathlib import Path

from bootstrapper.errors import BootstrapperError
from bootstrapper.progress import Progress
from vendor_fetch.program import sync_command
from vendor_fetch.template.generation import vendor_project

REPOSITORY = Path(__file__).resolve().parents[1]

# Files that belong to a checkout or to a running Rolf.
NOT_COPIED = shutil.ignore_patterns("__pycache__", ".ruff_cache", "ve", ".ve.*", ".tools", ".env")


def lay_out(directory: Path, python: str = "") -> None:
    """Copy this checkout's Rolf to a directory, with its vendored files.

    `python` is the Python of its ve, such as 3.12; the default is the running Python.
    """
    python = python or ".".join(platform.python_version_tuple()[:2])
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
    pinned = directory / "pyproject.toml"
    pinned.write_text(
        re.sub('(?<=requires-python = "==)[0-9.]+(?=[.][*]")', python, pinned.read_text())
    )
    vendor_project(REPOSITORY, directory, locks_for="rolf", progress=Progress())


def main() -> int:
    """Fetch the files, and return the exit status."""
    try:
        vendor_project(REPOSITORY, REPOSITORY / "rolf", locks_for="rolf", progress=Progress())
    except BootstrapperError as error:
        print(str(error).replace(sync_command(), "make rolf"), file=sys.stderr)
        return error.status
    print("rolf/ has its files. Next:\n\n    cd rolf\n    ./bootstrap.py\n    ./manage.py rolf\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
