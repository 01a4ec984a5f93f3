"""Replace one directory with another, and remove directory trees."""

import ctypes
import errno
import os
import shutil
from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2  # linux/fs.h


def exchange_directories(new: Path, place: Path, aside: Path) -> Path | None:
    """Move `new` to `place`; return where the old directory is now, or None if there was none.

    On Linux one system call (renameat2) exchanges the two names, so `place` exists at every
    instant, even if this process is killed. Where the system or the file system cannot do that,
    the old directory is renamed to `aside` first; a kill between the two renames leaves none at
    `place`, and `recover_directory` restores it.
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
    """Rename `aside` back to `place` if a kill interrupted `exchange_directories`."""
    if os.path.lexists(aside) and not os.path.lexists(place):
        aside.rename(place)


def remove_tree(path: Path) -> None:
    """Remove a directory, a file, or a link (not its target). Leave what can't be removed."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _exchange(one: Path, other: Path) -> bool:
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):  # not Linux, or glibc before 2.28
        return False
    if renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
        return False
    raise OSError(number, os.strerror(number), os.fspath(other))
