"""Putting a finished ve in the old one's place, so that there is always one."""

import ctypes
import errno
import os
import shutil
from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2  # linux/fs.h


def exchange_directories(new: Path, place: Path, aside: Path) -> Path | None:
    """Move `new` to `place`; returns where the old one is now, None if there was none.

    On Linux the two exchange their names in one step (renameat2), so a process that starts at any
    instant finds a whole ve, and so does whoever comes after a kill. Where the system or the file
    system can't do that, the old one steps `aside` first: between the two renames there is none,
    and `recover` mends that.
    """
    if not os.path.lexists(place):
        new.rename(place)
        return None
    if _exchange(new, place):
        return new
    place.rename(aside)
    new.rename(place)
    return aside


def recover_directory(place: Path, aside: Path) -> None:
    """Bring back a ve that a kill between two renames left aside."""
    if os.path.lexists(aside) and not os.path.lexists(place):
        aside.rename(place)


def remove_tree(path: Path) -> None:
    """Remove a directory, a file, or a link (not what it leads to). What can't go stays."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _exchange(one: Path, other: Path) -> bool:
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):  # not Linux, or a libc before glibc 2.28
        return False
    if renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
        return False
    raise OSError(number, os.strerror(number), os.fspath(other))
