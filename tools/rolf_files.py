"""Give rolf/ its vendored files: those of its lock, and our own wheel, built of this checkout.

A shop that generates a project commits its vendored files; here they are fetched (make rolf).
"""

import platform
import re
import shutil
import sys
from pathlib import Path

from bootstrapper.errors import BootstrapperError
from bootstrapper.progress import Progress
from vendor_fetch.template.generation import vendor_project

REPOSITORY = Path(__file__).resolve().parents[1]


# Of a checkout alone, or of a place where Rolf runs.
NOT_COPIED = shutil.ignore_patterns("__pycache__", ".ruff_cache", "ve", ".ve.*", ".tools", ".env")


def lay_out(directory: Path, python: str = "") -> None:
    """Copy this checkout's Rolf to a directory, and give it its vendored files.

    `python` is the one that its ve is for, such as 3.12; the one that runs this if empty.
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
    vendor_project(REPOSITORY, directory, answer="rolf", progress=Progress())


def main() -> int:
    """Exit status, as everywhere."""
    try:
        vendor_project(REPOSITORY, REPOSITORY / "rolf", answer="rolf", progress=Progress())
    except BootstrapperError as error:
        print(error, file=sys.stderr)
        return error.status
    print("rolf/ has its files. Next:\n\n    cd rolf\n    ./bootstrap.py\n    ./manage.py rolf\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
