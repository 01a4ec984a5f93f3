"""The command that started this program, as the user typed it; messages begin commands with it."""

import shlex
import sys
from collections.abc import Sequence

DEFAULT = "python -m bootstrapper"


def invocation(typed: Sequence[str], arguments: Sequence[str]) -> str:
    """Return the words of `typed` before `arguments`, quoted for a shell.

    `typed` is `sys.orig_argv`. Users of a project type `ve/bin/python -m bootstrapper`; `python`
    alone may be missing or may lack this package. Return DEFAULT for an absolute path, which
    scripts use, and for other programs that use this package, such as Rolf.
    """
    words = list(typed[: len(typed) - len(arguments)])
    by_hand = words[-2:] == ["-m", "bootstrapper"] and not words[0].startswith("/")
    return shlex.join(words) if by_hand else DEFAULT


PROGRAM = invocation(sys.orig_argv, sys.argv[1:])
