"""The commands that messages print, such that the user can paste them."""

import os
import re
import shlex
import sys
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path, PurePath

from bootstrapper.next_step import edit
from bootstrapper.program import invocation

# For programs that use this package as a library: every generated project has this target.
MAKE = "make vendor"
PROGRAM = invocation("vendor_fetch", sys.orig_argv, sys.argv[1:])


@cache
def sync_command() -> str:
    """Return the command that updates the locks and the vendored files.

    It is `make vendor` if make called this program. It is the same if the project's Makefile has
    this target and this Python lacks uv: the target sets up `.tools/`, which has uv.
    """
    if not PROGRAM or _is_called_by_make() or (_has_vendor_target() and not find_spec("uv")):
        return MAKE
    return f"{PROGRAM} {shlex.join([*project_option(sys.argv[1:]), 'sync'])}"


@cache
def retry_command() -> str:
    """Return the command that is running."""
    if not PROGRAM or _is_called_by_make():
        return MAKE
    return f"{PROGRAM} {shlex.join(sys.argv[1:])}".rstrip()


def online_command() -> str:
    """Return the command that is running, with the index allowed."""
    return f"env -u VENDOR_FETCH_OFFLINE {retry_command()}"


def install_command(*requirements: str) -> str:
    """Return the command that installs the requirements for the running Python."""
    if _has_vendor_target():
        return MAKE
    return shlex.join([sys.executable, "-m", "pip", "install", *requirements])


def edit_and_sync(file: PurePath | str, change: str) -> str:
    """Return the command that opens a file of the project; `change` says what to write there."""
    return edit(_project_directory() / file, f"{change}, then: {sync_command()}")


def in_project(file: PurePath | str) -> str:
    """Return a project's file as the user has to type it: below `--project DIR`, and quoted."""
    return shlex.quote(str(_project_directory() / file))


def restore_command(file: PurePath | str) -> str:
    """Return the command that restores a project's file from git."""
    directory = _project_directory()
    git = "git" if directory == PurePath() else f"git -C {shlex.quote(str(directory))}"
    return f"{git} checkout -- {shlex.quote(str(file))}"


def _project_directory() -> PurePath:
    """Return the directory of `--project DIR`, or the current directory."""
    option = project_option(sys.argv[1:]) if PROGRAM else []
    return PurePath(option[-1].removeprefix("--project=")) if option else PurePath()


def project_option(arguments: Sequence[str]) -> list[str]:
    """Return the words of `--project DIR` among the arguments, or none."""
    for number, word in enumerate(arguments):
        if word == "--project":
            return list(arguments[number : number + 2])
        if word.startswith("--project="):
            return [word]
    return []


def _is_called_by_make() -> bool:
    return "MAKELEVEL" in os.environ and _has_vendor_target()


def _has_vendor_target() -> bool:
    """Return whether `make vendor` works in the current directory."""
    try:
        text = Path("Makefile").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return not project_option(sys.argv[1:]) and bool(re.search(r"^vendor *:", text, re.MULTILINE))
