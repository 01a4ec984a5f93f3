"""The per-user cache: every file ever fetched, under its sha256.

A file enters by one rename, after its hash was found right, and is verified again on its way
out; so runs that share the cache need no lock, and a disk that lies is found out.
"""

import hashlib
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from bootstrapper.cache_home import cache_home
from bootstrapper.errors import InputError
from vendor_fetch.atomic_file import AtomicFile, atomic_file

CHUNK = 1 << 20
# What a killed run has left behind is nobody's after a day.
ABANDONED_SECONDS = 24 * 3600


def cache_directory(environ: Mapping[str, str] = os.environ) -> Path:
    """`$VENDOR_FETCH_CACHE`, else in the user's cache directory. Raises InputError."""
    if environ.get("VENDOR_FETCH_CACHE"):
        return Path(environ["VENDOR_FETCH_CACHE"]).absolute()
    home = cache_home(environ)
    if home is None:
        raise InputError(
            "the cache",
            "there is no home directory to keep it in",
            "set VENDOR_FETCH_CACHE to a directory of yours",
        )
    return home / "vendor_fetch"


class Cache:
    """Files by their sha256 under `root`; made when the first one comes in."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def entry(self, sha256: str) -> Path:
        """Where the file of that hash is, or would be."""
        return self.root / sha256[:2] / sha256

    def deliver(self, sha256: str, destination: Path) -> bool:
        """Copy a file to `destination`, mode 0644, by one rename; False when there is none.

        Never a hardlink: a project's file that is changed in place must not change the cache.
        An entry whose bytes no longer have the hash is dropped.
        """
        entry = self.entry(sha256)
        try:
            source = entry.open("rb")
        except FileNotFoundError:
            return False
        with source, atomic_file(destination.parent) as target:
            digest = hashlib.sha256()
            while chunk := source.read(CHUNK):
                digest.update(chunk)
                target.write(chunk)
            if digest.hexdigest() != sha256:
                entry.unlink(missing_ok=True)
                return False
            target.settle(destination)
        return True

    @contextmanager
    def incoming(self) -> Iterator[AtomicFile]:
        """A new file inside the cache to write to; it is gone afterwards unless it was kept."""
        directory = self.root / "incoming"
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in directory.iterdir():
            with suppress(FileNotFoundError):
                if time.time() - left.stat().st_mtime > ABANDONED_SECONDS:
                    left.unlink()
        with atomic_file(directory) as file:
            yield file

    def keep(self, file: AtomicFile, sha256: str) -> None:
        """What was written to `incoming()`, and hashes to `sha256`, becomes an entry."""
        entry = self.entry(sha256)
        entry.parent.mkdir(mode=0o700, exist_ok=True)
        file.settle(entry)
