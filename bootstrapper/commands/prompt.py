"""Ask a user at a terminal for values and for a yes."""

import os
import sys
from collections.abc import Callable

from bootstrapper.deploy.definition.schema import InvalidValue
from bootstrapper.errors import InputError
from bootstrapper.plain_text import single_line
from bootstrapper.program import command_line
from bootstrapper.progress import Progress

NOTHING = "-"  # the answer that leaves a value empty


def is_terminal() -> bool:
    """Return whether a user can answer."""
    return bool(sys.stdin) and sys.stdin.isatty()


def ask_value(
    progress: Progress, name: str, text: str, default: str, check: Callable[[str], None]
) -> str:
    """Return the user's answer; Enter takes the default, and NOTHING leaves the value empty.

    Ask again if `check` raises InvalidValue. Raise InputError at the end of standard input.
    """
    progress.prompt(f"\n{text}\n")
    while True:
        progress.prompt(f"{name} [{single_line(default)}]: ")
        answer = _line(progress) or default
        answer = "" if answer == NOTHING else answer
        try:
            check(answer)
        except InvalidValue as error:
            progress.prompt(f"  {single_line(str(error))}\n")
            continue
        return answer


def ask_yes(progress: Progress, question: str) -> bool:
    """Return whether the user types y or yes."""
    progress.prompt(f"{question} [y/N] ")
    return _line(progress).lower() in ("y", "yes")


def _line(progress: Progress) -> str:
    # Bytes that are not UTF-8 reach the check, which refuses them.
    line = os.fsdecode(sys.stdin.buffer.readline())
    if not line.endswith("\n"):
        progress.prompt("\n")
        raise InputError(
            "init",
            "standard input ended before the last answer; nothing was changed",
            command_line(),
        )
    return line.strip()
