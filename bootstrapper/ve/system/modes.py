"""The modes of what a rebuild makes: the umask of the process that runs it changes none of them.

The site's user can read the files of a ve; other users cannot write them.
The mode of the project's own directory decides which users see the project at all.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FILE = 0o644
SCRIPT = 0o755
# Files of the store are shared by every ve of a user: nobody changes one.
STORED_FILE = 0o444
STORED_SCRIPT = 0o555

_PRIVATE = 0o022
_SHARED = 0o002


@contextmanager
def umask(mask: int = _PRIVATE) -> Iterator[None]:
    """Set the umask of this process, and of the processes that it starts meanwhile."""
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def of(status: os.stat_result) -> int:
    """The mode in a ve of a file that virtualenv made, whatever its mode is there."""
    return SCRIPT if status.st_mode & 0o111 else FILE


def umask_for(project: Path) -> int:
    """The umask for the directories of a project's ve.

    A group that can write into the project's directory can replace the ve in it. Its members
    can do so only if they may write into the old ve's directories, too. Nobody else ever may.
    """
    return _SHARED if os.stat(project).st_mode & 0o020 else _PRIVATE


def file_fault(status: os.stat_result, *, executable: bool) -> str:
    """What is wrong with the mode of a file in a ve; empty if nothing is."""
    mode = status.st_mode & 0o7777
    if mode & 0o444 != 0o444 or (executable and mode & 0o111 != 0o111):
        return f"its mode is {mode:04o}, the site's user may not {_verb(mode)} it"
    if mode & 0o022:
        return f"its mode is {mode:04o}, others may write it"
    return ""


def folder_fault(status: os.stat_result, mask: int) -> str:
    """What is wrong with the mode of a directory in a ve; `mask` is `umask_for` its project."""
    mode = status.st_mode & 0o7777
    if mode & 0o555 != 0o555:
        return f"its mode is {mode:04o}, the site's user may not enter it"
    if mode & mask:
        return f"its mode is {mode:04o}, others may write into it"
    return ""


def _verb(mode: int) -> str:
    return "read" if mode & 0o444 != 0o444 else "execute"
