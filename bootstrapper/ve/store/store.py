"""The store: a per-user cache of everything that a rebuild can reuse.

    4/<bytecode tag>/<sha256>/   an entry: a wheel, unpacked and compiled
    4/wheels/<key>/              a wheel that was built from a tarball
    4/bare/<key>/                an empty virtualenv, as virtualenv creates it
    4/spare/                     the last replaced virtualenv, for the next rebuild
    4/unfinished/<random>/       an item that a process is creating

The first directory is the version of the format. A process creates an item below `unfinished`
and publishes it with one rename, so no other process ever finds half an item. If two processes
create the same item, the second finds the name taken and discards its own.
"""

import errno
import fcntl
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from bootstrapper.cache_home import is_own
from bootstrapper.ve.store.entry import Entry
from bootstrapper.ve.store.home import FORMAT
from bootstrapper.ve.system import modes
from bootstrapper.ve.system.directories import remove_tree

UNFINISHED = "unfinished"
_SMALL = 2**16  # bytes
Found = TypeVar("Found")


class Store:
    """The store in a directory, which is created if it is missing. Raise OSError."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home = root / FORMAT
        self._unfinished = self.home / UNFINISHED
        # Another user who can write here could put code into our virtualenvs. One who could write
        # into `root` before it was private may have created `home`.
        with modes.umask(0o077):
            for directory, name in ((root, "it"), (self.home, f"{FORMAT}/ in it")):
                directory.mkdir(parents=True, exist_ok=True)
                if not is_own(directory):
                    fault = f"{name} belongs to another user"
                    raise PermissionError(errno.EPERM, fault, os.fspath(directory))
                os.chmod(directory, 0o700)
            self._unfinished.mkdir(exist_ok=True)
        self.remove_leftovers()

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Hold a shared lock while entries are found and linked, so that none is pruned."""
        with self._flock(fcntl.LOCK_SH):
            yield

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the exclusive lock while entries are pruned; wait for all shared locks first."""
        with self._flock(fcntl.LOCK_EX):
            yield

    def place(self, *names: str) -> Path:
        """Return the path of an item of the store."""
        return self.home.joinpath(*names)

    def entry(self, bytecode: str, sha256: str, *, verify_files: bool) -> Entry | None:
        """Return the entry of a wheel; None if it is missing.

        With `verify_files`, an entry counts as missing if any of its files is damaged.
        """
        return self.find(
            self.place(bytecode, sha256), Entry.read_verified if verify_files else Entry
        )

    def find(self, place: Path, read: Callable[[Path], Found]) -> Found | None:
        """Return what `read` returns for a place in the store; None if nothing is there.

        `read` raises OSError or ValueError for a damaged item, which is then removed. Before removing
        it, read it again under a lock: another process may have replaced the damaged item meanwhile.
        """
        try:
            found = read(place)
        except (OSError, ValueError):
            if os.path.lexists(place):
                with self._flock(fcntl.LOCK_EX, self._unfinished):
                    return self._read_or_discard(place, read)
            return None
        with suppress(OSError):
            os.utime(place)  # `prune` removes what was not used for long
        return found

    def _read_or_discard(self, place: Path, read: Callable[[Path], Found]) -> Found | None:
        try:
            return read(place)
        except (OSError, ValueError):
            self.discard(place)
            return None

    @contextmanager
    def unfinished(self) -> Iterator[Path]:
        """Create a directory for an item in the making; remove it when the block ends.

        The directory is locked meanwhile, so that `remove_leftovers` keeps it.
        """
        directory, handle = self._new()
        try:
            yield directory
        except OSError as error:
            if error.filename is None:  # of a write
                error.filename = os.fspath(directory)
            raise
        finally:
            os.close(handle)
            remove_tree(directory)

    def _new(self) -> tuple[Path, int]:
        """Return a new directory below `unfinished`, and the handle that holds its lock.

        Before it is locked, `remove_leftovers` of another process may remove it; then try again.
        """
        while True:
            directory = self._unfinished / secrets.token_hex(8)
            directory.mkdir(mode=0o700)
            with suppress(FileNotFoundError):
                handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
                fcntl.flock(handle, fcntl.LOCK_EX)
                if directory.exists():
                    return directory, handle
                os.close(handle)

    def publish(self, made: Path, place: Path) -> None:
        """Move a finished item to its place; discard it if another process has published the same."""
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            made.rename(place)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            remove_tree(made)

    def discard(self, place: Path) -> None:
        """Remove an item: first its name, then its files."""
        aside = self._unfinished / secrets.token_hex(8)
        try:
            place.rename(aside)
        except FileNotFoundError:
            return
        remove_tree(aside)

    def remove_leftovers(self) -> None:
        """Remove the unfinished items of killed processes."""
        for leftover in self._unfinished.iterdir():
            try:
                handle = os.open(leftover, os.O_RDONLY)
            except OSError:
                continue
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            else:
                remove_tree(leftover)
            finally:
                os.close(handle)

    @contextmanager
    def _flock(self, operation: int, directory: Path | None = None) -> Iterator[None]:
        handle = os.open(directory or self.home, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(handle, operation)
            yield
        finally:
            os.close(handle)


def probe(directory: Path) -> None:
    """Raise OSError if there is no room for a small file in a directory."""
    file = directory / "probe"
    try:
        file.write_bytes(b"\0" * _SMALL)
    except OSError as error:
        raise OSError(error.errno, error.strerror, os.fspath(file)) from None
    finally:
        with suppress(OSError):
            file.unlink()
