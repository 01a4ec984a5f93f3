"""The command that started this program, and the commands that messages print."""

import os
import re
import sys
from collections.abc import Sequence

from bootstrapper.quoting import joined, quoted

DEFAULT = "python -m bootstrapper"


def invocation(module: str, typed: Sequence[str], arguments: Sequence[str]) -> str:
    """Return the words of `typed` before `arguments`, quoted for a shell: `python3 -m bootstrapper`.

    `typed` is `sys.orig_argv`. The result is empty if Python was not called with `-m module`, as in
    Rolf, which uses this package as a library.
    """
    words = list(typed[: len(typed) - len(arguments)])
    return joined(words) if words[-2:] == ["-m", module] else ""


def bootstrapper_invocation(typed: Sequence[str], arguments: Sequence[str]) -> str:
    """Return the invocation of bootstrapper.

    A user of a project types `ve/bin/python -m bootstrapper`; a `python` on PATH, if there is one,
    may not have this package. DEFAULT stands for the command where another program imports this one.
    """
    return invocation("bootstrapper", typed, arguments) or DEFAULT


def project_elsewhere(script: str, typed: str, arguments: Sequence[str]) -> str:
    """Return the absolute directory of the project; empty if it is the current directory.

    `typed` is an invocation, and `--project DIRECTORY` one of its arguments; the `script` may be a
    project's bootstrap.py. The result is empty where this package is a library, and where there is
    no such directory.
    """
    directory = ""
    if os.path.basename(script) == "bootstrap.py":
        directory = os.path.dirname(os.path.realpath(script))
    elif typed:
        for word, following in zip(arguments, [*arguments[1:], ""], strict=False):
            if word == "--project":
                directory = following
            elif word.startswith("--project="):
                directory = word.removeprefix("--project=")
    if not os.path.isdir(directory) or _is_current(directory):
        return ""
    return os.path.abspath(directory)


def _is_current(directory: str) -> bool:
    try:
        return os.path.samefile(directory, os.curdir)
    except OSError:  # the current directory was removed
        return False


TYPED = bootstrapper_invocation(sys.orig_argv, sys.argv[1:])
"""The invocation as the user typed it, which works in the current directory."""

PROJECT = project_elsewhere(
    "".join(sys.argv[:1]),
    invocation("bootstrapper", sys.orig_argv, sys.argv[1:])
    or invocation("vendor_fetch", sys.orig_argv, sys.argv[1:]),
    sys.argv[1:],
)
"""The directory of the project, if it is not the current directory."""


def program_in_project(typed: str) -> str:
    """Return the invocation such that it works in the project's directory: its Python is absolute."""
    python = "".join(sys.orig_argv[:1])
    if not PROJECT or "/" not in python:
        return typed
    return typed.replace(quoted(python), quoted(os.path.abspath(python)), 1)


PROGRAM = program_in_project(TYPED)
"""The invocation that works in the project's directory."""


def vendor_fetch_command() -> str:
    """Return the invocation of vendor_fetch by the same Python."""
    return f"{PROGRAM.removesuffix(' bootstrapper')} vendor_fetch"


def in_project(command: str) -> str:
    """Return the command such that it runs in the project's directory, wherever the user is."""
    if not PROJECT or command.startswith("cd "):
        return command
    return f"cd {quoted(PROJECT)} && {command}"


def from_project(path: str) -> str:
    """Return the path of a file that the user named, as a command in the project's directory."""
    return os.path.abspath(path) if PROJECT else path


def command_line(*, without: str = "") -> str:
    """Return the whole command of the user, for messages that ask to repeat it.

    It works in the project's directory, too.
    """
    typed = joined(word for word in sys.orig_argv if word != without)
    try:
        return f"cd {quoted(os.getcwd())} && {typed}" if PROJECT else typed
    except FileNotFoundError:  # the current directory was removed
        return typed


def has_vendor_target() -> bool:
    """Return whether `make vendor` works in the project's directory."""
    makefile = os.path.join(PROJECT, "Makefile")
    if not os.path.isfile(makefile):  # a pipe would be waited for
        return False
    try:
        with open(makefile, encoding="utf-8", errors="replace") as file:
            return any(re.match("vendor *:", line) for line in file)
    except OSError:
        return False


def vendor_command() -> str:
    """Return the command that vendors what apps.in asks for.

    Generated projects have `make vendor`. In others, the wheel that the project carries can do it,
    also without a ve.
    """
    source = os.path.join("requirements", "src")
    try:
        names = sorted(os.listdir(os.path.join(PROJECT, source)))
    except OSError:
        names = []
    wheels = [name for name in names if re.fullmatch(r"bootstrapper-[^/]+\.whl", name)]
    if has_vendor_target() or not wheels:
        return "make vendor"
    wheel = quoted(os.path.join(source, wheels[-1]))
    return f"env PYTHONPATH={wheel} python3 -P -m vendor_fetch sync"


VENDOR = vendor_command()
