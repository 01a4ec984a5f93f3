"""Replace one directory with another, and remove directory trees."""

import ctypes
import errno
import os
import shutil
from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2  # linux/fs.h
_RENAME_SWAP = 2  # sys/stdio.h of macOS
# The system or the file system has no such call.
_NO_EXCHANGE = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}


def exchange_directories(new: Path, place: Path, aside: Path) -> Path | None:
    """Move `new` to `place`; return where the old directory is now, or None if there was none.

    One system call (renameat2 of Linux, renamex_np of macOS) exchanges the two names, so `place`
    exists at every instant, even if this process is killed. Where the system or the file system
    cannot do that, the old directory is renamed to `aside` first; a kill between the two renames
    leaves none at `place`, and `recover_directory` restores it.
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
    """Exchange two names by one system call; return whether it was possible."""
    names = os.fsencode(one), os.fsencode(other)
    try:
        library = ctypes.CDLL(None, use_errno=True)
    except OSError:
        return False
    if rename := getattr(library, "renameat2", None):
        failed = rename(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE)
    elif rename := getattr(library, "renamex_np", None):
        failed = rename(*names, _RENAME_SWAP)
    else:  # glibc before 2.28, macOS before 10.12
        return False
    if not failed:
        return True
    number = ctypes.get_errno()
    if number in _NO_EXCHANGE:
        return False
    raise OSError(number, os.strerror(number), os.fspath(other))
