"""Django's file storage, for files that must survive a crash."""

import os
import secrets
import time
from pathlib import Path

from django.core.files.storage import FileSystemStorage

PARTS = "incomplete"  # directory of files that are being written
OLD = 24 * 3600.0  # seconds after which an incomplete file has no writer any more


class DirectoryStorage(FileSystemStorage):
    """Files in a directory, which several machines may share.

    A file gets its name when it is whole and on the disk, and replaces an older one. The directory
    itself must exist: without its mount, a file would end up on the wrong disk.
    """

    def __init__(self, location):
        """Write files that only the worker's user can read."""
        super().__init__(
            location,
            file_permissions_mode=0o600,
            directory_permissions_mode=0o700,
            allow_overwrite=True,
        )

    def _save(self, name, content):
        file = Path(self.path(name))
        if not Path(self.location).is_dir():
            raise FileNotFoundError(f"{self.location} does not exist")
        parts = Path(self.location, PARTS)
        for directory in (parts, file.parent):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = parts / secrets.token_hex(16)
        try:
            with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as to:
                for piece in content.chunks():
                    to.write(piece)
                to.flush()
                os.fsync(to.fileno())
            part.replace(file)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        for directory in file.parents:
            _sync(directory)
            if directory == Path(self.location):
                break
        return name

    def tidy(self):
        """Remove the files that a killed process has not completed."""
        for part in Path(self.location, PARTS).glob("*"):
            if part.stat().st_mtime < time.time() - OLD:
                part.unlink(missing_ok=True)


def _sync(directory):
    """Write the names in a directory to the disk."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
