"""Commands for the `next:` line of an error. bash runs each as it is; a comment says the rest."""

import os
from collections.abc import Iterable
from pathlib import PurePath

from bootstrapper.program import VENDOR, in_project
from bootstrapper.quoting import quoted


def next_lines(commands: str | Iterable[str]) -> str:
    """Return the `next:` line of the commands, which may be lines of one text.

    The commands are for the project's directory; if the user is elsewhere, each changes to it.
    """
    lines = commands.split("\n") if isinstance(commands, str) else commands
    return "  next: " + "\n        ".join(in_project(line.strip()) for line in lines)


def edit(file: PurePath | str, change: str) -> str:
    """Return the command that opens a file; `change` says what the user has to write there."""
    return f"${{EDITOR:-vi}} {quoted(str(file))}  # {change}"


def existing(path: str | PurePath) -> str:
    """Return a path, or the nearest directory above it that exists, quoted for a shell."""
    place = PurePath(path)
    return quoted(str(next(filter(os.path.exists, (place, *place.parents)), place)))


ANOTHER_VERSION = edit("requirements/apps.in", f"ask for another version of it, then: {VENDOR}")
OUT_OF_MEMORY = "dmesg | tail  # if the memory ran out, free some, then: ./bootstrap.py"
