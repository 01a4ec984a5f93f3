"""The modes of files and directories in a virtualenv, whatever the umask of the rebuild.

The site's user can read every file of a virtualenv; other users cannot write them. The mode of
the project's directory decides which users see the project at all.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FILE = 0o644
SCRIPT = 0o755
# All virtualenvs of a user share the files of the store, so they are read-only.
STORED_FILE = 0o444
STORED_SCRIPT = 0o555

_PRIVATE = 0o022
_SHARED = 0o002


@contextmanager
def umask(mask: int = _PRIVATE) -> Iterator[None]:
    """Set the umask of this process, and of the processes that it starts, while the block runs."""
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def of(status: os.stat_result) -> int:
    """Return the mode in the virtualenv for a file that virtualenv created with another one."""
    return SCRIPT if status.st_mode & 0o111 else FILE


def umask_for(project: Path) -> int:
    """Return the umask for the directories of a project's virtualenv.

    A group that can write into the project's directory may replace the virtualenv in it. Its
    members can do that only if they can write into the old virtualenv's directories, too.
    """
    return _SHARED if os.stat(project).st_mode & 0o020 else _PRIVATE


def file_fault(status: os.stat_result, *, executable: bool) -> str:
    """Return what is wrong with the mode of a file in a virtualenv; empty if nothing is."""
    mode = status.st_mode & 0o7777
    if mode & 0o444 != 0o444 or (executable and mode & 0o111 != 0o111):
        return f"its mode is {mode:04o}, the site's user can't {_verb(mode)} it"
    if mode & 0o022:
        return f"its mode is {mode:04o}, other users can write it"
    return ""


def folder_fault(status: os.stat_result, mask: int) -> str:
    """Return what is wrong with the mode of a directory in a virtualenv; empty if nothing is.

    `mask` is `umask_for` the project.
    """
    mode = status.st_mode & 0o7777
    if mode & 0o555 != 0o555:
        return f"its mode is {mode:04o}, the site's user can't enter it"
    if mode & mask:
        return f"its mode is {mode:04o}, other users can write into it"
    return ""


def _verb(mode: int) -> str:
    return "read" if mode & 0o444 != 0o444 else "execute"
