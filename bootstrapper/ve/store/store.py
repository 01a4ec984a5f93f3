"""The store: unpacked, compiled wheels and whatever else a rebuild need not make twice.

    4/<kind of bytecode>/<sha256>/   an entry: a vendored file, unpacked and compiled
    4/wheels/<key>/                  the wheel that was built of a tarball
    4/bare/<key>/                    an empty ve, as virtualenv made it
    4/spare/                         a ve that was replaced, for the next rebuild to make use of
    4/unfinished/<random>/           what is being made

The first directory is the version of this format. Everything is made under `unfinished` and
renamed when it is whole, so nothing half-made ever has a name that is looked for; of two that
make the same at once, the later finds the name taken and throws its own away.
"""

import errno
import fcntl
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from bootstrapper.ve.store.entry import Entry
from bootstrapper.ve.store.home import FORMAT
from bootstrapper.ve.system import modes
from bootstrapper.ve.system.directories import remove_tree

UNFINISHED = "unfinished"
_SMALL = 2**16  # bytes
Found = TypeVar("Found")


class Store:
    """A store in a directory of the user's own, which is made if it isn't there. Raises OSError."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home = root / FORMAT
        self._unfinished = self.home / UNFINISHED
        with modes.umask(0o077):
            root.mkdir(parents=True, exist_ok=True)
        # Another user who may write here could put code into our ves.
        if os.stat(root).st_uid != os.geteuid():
            raise PermissionError(errno.EPERM, "it belongs to another user", os.fspath(root))
        os.chmod(root, 0o700)
        self._unfinished.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.remove_leftovers()

    @contextmanager
    def shared(self) -> Iterator[None]:
        """While entries are looked up and linked: nothing is pruned meanwhile."""
        with self._flock(fcntl.LOCK_SH):
            yield

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """While entries are pruned: waits for those who use the store, and keeps them out."""
        with self._flock(fcntl.LOCK_EX):
            yield

    def place(self, *names: str) -> Path:
        """The path of something in the store."""
        return self.home.joinpath(*names)

    def entry(self, bytecode: str, sha256: str, *, verify_files: bool) -> Entry | None:
        """The entry of a vendored file, if it is there; with `verify_files`, every file must be whole."""
        return self.find(
            self.place(bytecode, sha256), Entry.read_verified if verify_files else Entry
        )

    def find(self, place: Path, read: Callable[[Path], Found]) -> Found | None:
        """What `read` makes of a place in the store; None if it isn't there.

        `read` raises OSError or ValueError for what is damaged: that is removed. The second look
        is alone, so that nobody removes what somebody else has just put in a damaged one's place.
        """
        try:
            found = read(place)
        except (OSError, ValueError):
            if os.path.lexists(place):
                with self._flock(fcntl.LOCK_EX, self._unfinished):
                    return self._read_or_discard(place, read)
            return None
        with suppress(OSError):
            os.utime(place)  # it was of use today
        return found

    def _read_or_discard(self, place: Path, read: Callable[[Path], Found]) -> Found | None:
        try:
            return read(place)
        except (OSError, ValueError):
            self.discard(place)
            return None

    @contextmanager
    def unfinished(self) -> Iterator[Path]:
        """A directory in which something is made; gone afterwards, unless it was adopted.

        It is locked while it lives, so that `remove_leftovers` can tell it from what a killed process left.
        """
        directory, handle = self._new()
        try:
            yield directory
        except OSError as error:
            if error.filename is None:  # a write, which does not know its file
                error.filename = os.fspath(directory)
            raise
        finally:
            os.close(handle)
            remove_tree(directory)

    def _new(self) -> tuple[Path, int]:
        """A new directory under `unfinished`, and the handle that holds its lock.

        Before it is locked, somebody else's `remove_leftovers` may take it away: then another one.
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
        """Give what is whole its name in the store; if somebody else was first, theirs stays."""
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            made.rename(place)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            remove_tree(made)

    def discard(self, place: Path) -> None:
        """Take something out of the store: first its name, then its files."""
        aside = self._unfinished / secrets.token_hex(8)
        try:
            place.rename(aside)
        except FileNotFoundError:
            return
        remove_tree(aside)

    def remove_leftovers(self) -> None:
        """Remove what killed processes left."""
        for left in self._unfinished.iterdir():
            try:
                handle = os.open(left, os.O_RDONLY)
            except OSError:
                continue
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            else:
                remove_tree(left)
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
