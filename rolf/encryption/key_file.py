"""Change the file of keys: one key a line; the first one encrypts, all of them decrypt."""

import fcntl
import hashlib
import os
from contextlib import contextmanager


def key_id(key):
    """Return a name for the key that reveals nothing about it."""
    return hashlib.sha256(key.encode()).hexdigest()[:8]


class KeyFile:
    """The file at a path. Each change is one rename: readers see the old keys or the new ones."""

    def __init__(self, path):
        """Take the path of a file that exists."""
        self._path = path

    @property
    def keys(self):
        """The keys in their order."""
        return self._path.read_text().split()

    def add(self, key, *, first=False):
        """Add a key after all others, or before them."""
        with self._locked():
            self._write([key, *self.keys] if first else [*self.keys, key])

    def put_first(self, key):
        """Let the key, which is in the file, encrypt from now on."""
        with self._locked():
            self._write([key, *(other for other in self.keys if other != key)])

    def drop(self, dropped):
        """Remove keys. The first one stays."""
        with self._locked():
            first, *others = self.keys
            self._write([first, *(key for key in others if key not in dropped)])

    @contextmanager
    def _locked(self):
        """Keep other commands that change the file waiting."""
        lock = os.open(
            self._path.with_name(f"{self._path.name}.lock"), os.O_CREAT | os.O_RDWR, 0o600
        )
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _write(self, keys):
        """Replace the file. A power failure leaves the old one or the new one."""
        before = self._path.stat()
        beside = self._path.with_name(f"{self._path.name}.new")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write("".join(f"{key}\n" for key in keys))
            os.fchmod(descriptor, before.st_mode & 0o777)
            if os.geteuid() == 0:
                os.fchown(descriptor, before.st_uid, before.st_gid)
            file.flush()
            os.fsync(descriptor)
        beside.rename(self._path)
        directory = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
