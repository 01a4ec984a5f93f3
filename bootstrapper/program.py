"""The command that started this program, as the user typed it; messages print it."""

import shlex
import sys
from collections.abc import Sequence

DEFAULT = "python -m bootstrapper"

COMMAND_LINE = shlex.join(sys.orig_argv)
"""The whole command, for messages that ask the user to repeat it."""


def invocation(module: str, typed: Sequence[str], arguments: Sequence[str]) -> str:
    """Return the words of `typed` before `arguments`, quoted for a shell: `python3 -m bootstrapper`.

    `typed` is `sys.orig_argv`. The result is empty if Python was not called with `-m module`, as in
    Rolf, which uses this package as a library.
    """
    words = list(typed[: len(typed) - len(arguments)])
    return shlex.join(words) if words[-2:] == ["-m", module] else ""


def bootstrapper_invocation(typed: Sequence[str], arguments: Sequence[str]) -> str:
    """Return the invocation of bootstrapper.

    A user of a project types `ve/bin/python -m bootstrapper`; a `python` on PATH, if there is one,
    may not have this package. DEFAULT stands for the command where another program imports this one.
    """
    return invocation("bootstrapper", typed, arguments) or DEFAULT


PROGRAM = bootstrapper_invocation(sys.orig_argv, sys.argv[1:])
