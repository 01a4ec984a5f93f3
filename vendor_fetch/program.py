"""The commands that messages print, so that the user can paste them."""

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import PurePath

from bootstrapper.next_step import edit
from bootstrapper.program import PROJECT, has_vendor_target, invocation, program_in_project
from bootstrapper.quoting import joined, quoted

# For programs that use this package as a library: every generated project has this target.
MAKE = "make vendor"
DEFAULT = "ve/bin/python -m vendor_fetch"
# A process that runs a command again in `.tools/` shows what the user has typed.
TYPED_VARIABLE = "VENDOR_FETCH_TYPED"


def typed_command(environ: Mapping[str, str] = os.environ) -> str:
    """Return the words that the user has typed before the arguments; empty for a library.

    A text of the variable that `invocation` can't have returned does not count: the user is asked
    to paste it.
    """
    typed = environ.get(TYPED_VARIABLE)
    try:
        words = shlex.split(typed or "")
    except ValueError:
        words = []
    if typed == "" or (words[-2:] == ["-m", "vendor_fetch"] and joined(words) == typed):
        return typed
    return invocation("vendor_fetch", sys.orig_argv, sys.argv[1:])


TYPED = typed_command()
PROGRAM = program_in_project(TYPED)


@cache
def sync_command() -> str:
    """Return the command that updates the locks and the vendored files.

    It is `make vendor` if make called this program. It is the same if the project's Makefile has
    this target and this Python lacks uv: the target sets up `.tools/`, which has uv.
    """
    if not PROGRAM or _is_called_by_make() or (has_vendor_target() and not find_spec("uv")):
        return MAKE
    return f"{PROGRAM} sync"


@cache
def retry_command() -> str:
    """Return the command that is running."""
    return command_without(None)


def program_command(*words: str) -> str:
    """Return a command of this program, with these words."""
    return f"{PROGRAM or DEFAULT} {joined(words)}"


def now_command() -> str:
    """Return the command that is running, with `--now`, which make can't pass on."""
    words = without_project(sys.argv[1:])
    if not PROGRAM or _is_called_by_make() or not [word for word in words if word[0] != "-"]:
        return program_command("sync", "--now")
    return f"{retry_command()} --now"


def advisories_command(file: str) -> str:
    """Return the command that is running, audit or upgrade --security, with a file of advisories."""
    if not PROGRAM or _is_called_by_make():
        return program_command("audit", "--advisories", file)
    return f"{retry_command()} {joined(['--advisories', file])}"


def command_without(option: str | None) -> str:
    """Return the command that is running, without an option that has no value."""
    if not PROGRAM or _is_called_by_make():
        return MAKE
    words = without_project(sys.argv[1:]) if PROJECT else sys.argv[1:]
    return f"{PROGRAM} {joined(word for word in words if word != option)}".rstrip()


def online_command() -> str:
    """Return the command that is running, with the index allowed."""
    return f"env -u VENDOR_FETCH_OFFLINE {retry_command()}"


def install_command(*requirements: str) -> str:
    """Return the command that installs the requirements for the running Python."""
    if has_vendor_target():
        return MAKE
    return joined([sys.executable, "-m", "pip", "install", *requirements])


def tools_command(*requirements: str) -> str:
    """Return the command that is running, in an environment with the requirements.

    In a project it is `.tools/`, which `make` sets up; otherwise pip installs the requirements.
    """
    arguments = without_project(sys.argv[1:]) if PROJECT else sys.argv[1:]
    if has_vendor_target():
        return f"make .tools/complete && .tools/bin/python -P -m vendor_fetch {joined(arguments)}"
    return f"{install_command(*requirements)} && {retry_command()}"


def edit_and_sync(file: PurePath | str, change: str) -> str:
    """Return the command that opens a file of the project; `change` says what to write there."""
    return edit(file, f"{change}, then: {sync_command()}")


def restore_command(file: PurePath | str) -> str:
    """Return the command that restores a project's file from git."""
    return f"git checkout -- {quoted(str(file))}"


def without_project(arguments: Sequence[str]) -> list[str]:
    """Return the arguments without `--project DIR`, for the project's directory."""
    words = [word for word in arguments if not word.startswith("--project=")]
    while "--project" in words:
        number = words.index("--project")
        del words[number : number + 2]
    return words


def _is_called_by_make() -> bool:
    return "MAKELEVEL" in os.environ and has_vendor_target()
