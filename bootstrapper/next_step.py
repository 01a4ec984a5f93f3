"""Commands for the `next:` line of an error. bash runs each as it is; a comment says the rest."""

import os
import shlex
from pathlib import PurePath


def edit(file: PurePath | str, change: str) -> str:
    """Return the command that opens a file; `change` says what the user has to write there."""
    return f"${{EDITOR:-vi}} {shlex.quote(str(file))}  # {change}"


def existing(path: str | PurePath) -> str:
    """Return a path, or the nearest directory above it that exists, quoted for a shell."""
    place = PurePath(path)
    return shlex.quote(str(next(filter(os.path.exists, (place, *place.parents)), place)))


ANOTHER_VERSION = edit("requirements/apps.in", "ask for another version of it, then: make vendor")
OUT_OF_MEMORY = "dmesg | tail  # if the memory ran out, free some, then: ./bootstrap.py"
