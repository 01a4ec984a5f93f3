"""Where a backup goes: a file that is built beside its place and gets its name by one rename.

So a full disk, an error or `kill -9` leaves an older backup of that name as it is.
"""

import fcntl
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

from .errors import BackupError

BUILDING = ".rolf-backup-building-"
PATTERN = "rolf-*.tar*"  # of the names that a directory gets


def target(path, at, encrypted):
    """Return the path of the file: `path`, or if that is a directory, a file named by the time."""
    path = Path(path)
    if not path.is_dir():
        return path
    return path / f"rolf-{at:%Y%m%dT%H%M%SZ}.tar{'.age' if encrypted else ''}"


@contextmanager
def build_beside(path):
    """Yield a new private directory beside `path`, and remove it afterwards.

    One backup at a time is built in a directory, so what an earlier one has left can be removed.
    Raise BackupError.
    """
    try:
        lock = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise BackupError(
            f"{path.parent}: {error.strerror}\n  next: mkdir -p -m 700 {path.parent}"
        ) from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupError(
                f"{path.parent}: another backup is being written there\n"
                "  next: wait for it, then run this command again"
            ) from None
        for left in path.parent.glob(f"{BUILDING}*"):
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=BUILDING) as directory:
            yield Path(directory)
    finally:
        os.close(lock)


def publish(built, path):
    """Give a file its name. A power failure leaves the old file or the new one."""
    sync(built)
    built.chmod(0o600)
    built.replace(path)
    sync(path.parent)


def sync(path):
    """Write a file, or the names in a directory, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_old(directory, keep):
    """Remove all but the newest backups of a directory; return the paths of those removed."""
    old = sorted(directory.glob(PATTERN))[:-keep]
    for path in old:
        path.unlink()
    return old
