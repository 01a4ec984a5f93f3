"""The per-user cache: every file that was ever fetched, under its sha256.

A file gets its name in the cache by one rename, after its hash was verified, and is verified again
when it is copied out. So processes that share the cache need no lock, and a damaged disk is noticed.
Links in `files/` have the names of wheels and tarballs, so that a resolver finds them offline.
"""

import hashlib
import os
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from bootstrapper.cache_home import cache_home
from bootstrapper.errors import InputError
from bootstrapper.ve.project.vendored_files import sha256_of
from bootstrapper.ve.standards.filename import InvalidFilename, parse_filename
from vendor_fetch.atomic_file import AtomicFile, atomic_file
from vendor_fetch.private_directory import make_private, require_private
from vendor_fetch.program import retry_command

CHUNK = 1 << 20
# Files that a killed process left behind are deleted after a day.
ABANDONED_SECONDS = 24 * 3600


def cache_directory(environ: Mapping[str, str] = os.environ) -> Path:
    """Return `$VENDOR_FETCH_CACHE`, or a directory in the user's cache.

    Raise InputError if there is neither, or WorkFailed if other users can change it.
    """
    if environ.get("VENDOR_FETCH_CACHE"):
        root = Path(environ["VENDOR_FETCH_CACHE"]).absolute()
        require_private(root)
        return root
    home = cache_home(environ)
    if home is None:
        raise InputError(
            "the cache",
            "this user has no home directory to keep it in",
            f"env VENDOR_FETCH_CACHE=/var/tmp/vendor_fetch {retry_command()}",
        )
    require_private(home / "vendor_fetch")
    return home / "vendor_fetch"


class Cache:
    """Files by their sha256 in the directory `root`, which the first file creates."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def entry(self, sha256: str) -> Path:
        """Return the path of the file with that hash, whether or not it exists."""
        return self.root / sha256[:2] / sha256

    def copy_to(self, destination: Path, sha256: str) -> bool:
        """Copy a file to `destination` by one rename; return False if the cache lacks it.

        The file has mode 0644. It is never a hardlink: editing a project's file must not change the
        cache. An entry with the wrong hash is deleted.
        """
        entry = self.entry(sha256)
        try:
            source = entry.open("rb")
        except FileNotFoundError:
            return False
        with source, atomic_file(destination.parent) as copy:
            digest = hashlib.sha256()
            while chunk := source.read(CHUNK):
                digest.update(chunk)
                copy.write(chunk)
            if digest.hexdigest() != sha256:
                entry.unlink(missing_ok=True)
                return False
            copy.commit(destination)
        self._name(sha256, destination.name)
        return True

    @property
    def files(self) -> Path:
        """The directory with a link for each wheel and tarball, by its name."""
        return self.root / "files"

    def names(self) -> dict[str, str]:
        """Return the sha256 of each wheel and tarball that is there, by its name."""
        links = self.files.iterdir() if self.files.is_dir() else ()
        return {
            link.name: os.path.basename(os.readlink(link))
            for link in links
            if link.is_symlink() and link.is_file()
        }

    def keep(self, path: Path, hashes: Collection[str]) -> None:
        """Add a vendored file with one of the hashes, unless it is there. Another one is left out."""
        entry = next((sha256 for sha256 in hashes if self.entry(sha256).is_file()), None)
        if entry:
            self._name(entry, path.name)
        elif sha256_of(path) in hashes:
            with path.open("rb") as stream:
                self.add_stream(stream, path.name)

    def add_stream(self, stream: IO[bytes], name: str) -> None:
        """Add a file that comes with a name and no hash."""
        digest = hashlib.sha256()
        with self.new_file() as file:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
                file.write(chunk)
            self.add(file, digest.hexdigest())
        self._name(digest.hexdigest(), name)

    def _name(self, sha256: str, name: str) -> None:
        """Link a file by the name of its wheel or tarball. A later file of a name replaces it."""
        try:
            parse_filename(name)
        except InvalidFilename:
            return
        link = self.files / name
        target = os.path.relpath(self.entry(sha256), self.files)
        if link.is_symlink() and os.readlink(link) == target:
            return
        with suppress(
            OSError
        ):  # a cache of another user, or a full disk: the name is a convenience
            make_private(self.files, self.root)
            beside = self.files / f".{name}.{os.getpid()}.part"
            beside.symlink_to(target)
            beside.replace(link)

    @contextmanager
    def new_file(self) -> Iterator[AtomicFile]:
        """Open a new file in the cache; delete it afterwards unless `add` was called with it."""
        directory = self.root / "incoming"
        make_private(directory, self.root)
        for path in directory.iterdir():
            with suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > ABANDONED_SECONDS:
                    path.unlink()
        with atomic_file(directory) as file:
            yield file

    def add(self, file: AtomicFile, sha256: str) -> None:
        """Make a file of `new_file()` the entry of its hash. The caller has verified the hash."""
        entry = self.entry(sha256)
        make_private(entry.parent, self.root)
        # `copy_to` notices a damaged file.
        file.commit(entry, durable=False)
