"""The store: unpacked, compiled wheels and whatever else a rebuild need not make twice.

    1/<kind of bytecode>/<sha256>/   an entry: a vendored file, unpacked and compiled
    1/wheels/<key>/                  the wheel that was built of a tarball
    1/bare/<key>/                    an empty ve, as virtualenv made it
    1/unfinished/<random>/           what is being made

The first directory is the version of this format. Everything is made under `unfinished` and
renamed when it is whole, so nothing half-made ever has a name that is looked for; of two that
make the same at once, the later finds the name taken and throws its own away.
"""

import errno
import fcntl
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bootstrapper.ve.entry import Entry

FORMAT = "1"


def user_directory() -> Path:
    """The user's store; it need not exist yet.

    `BOOTSTRAP_STORE`, else `bootstrapper` in the cache directory of the XDG base directories.
    """
    if named := os.environ.get("BOOTSTRAP_STORE"):
        return Path(named).absolute()
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "bootstrapper"
    except RuntimeError:  # neither HOME nor an entry in the password file
        return Path(tempfile.gettempdir()) / f"bootstrapper-{os.getuid()}"


class Store:
    """A store in a directory of the user's own, which is made if it isn't there. Raises OSError."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home = root / FORMAT
        self._unfinished = self.home / "unfinished"
        self._unfinished.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Another user who may write here could put code into our ves.
        os.chmod(root, 0o700)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """While entries are looked up and linked: nothing is pruned meanwhile."""
        with self._flock(fcntl.LOCK_SH):
            yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While entries are pruned: waits for those who use the store, and keeps them out."""
        with self._flock(fcntl.LOCK_EX):
            yield

    def place(self, *names: str) -> Path:
        """The path of something in the store."""
        return self.home.joinpath(*names)

    def entry(self, bytecode: str, sha256: str) -> Entry | None:
        """The entry of a vendored file, if it is there and whole; a damaged one is removed."""
        place = self.place(bytecode, sha256)
        try:
            entry = Entry(place)
            os.utime(place)  # it was of use today
        except FileNotFoundError:
            if not place.is_dir():
                return None
        except (OSError, ValueError, TypeError):
            pass
        else:
            if entry.is_whole():
                return entry
        self.discard(place)
        return None

    @contextmanager
    def unfinished(self) -> Iterator[Path]:
        """A directory in which something is made; gone afterwards, unless it was adopted.

        It is locked while it lives, so that `tidy` can tell it from what a killed process left.
        """
        self.tidy()
        directory = self._unfinished / secrets.token_hex(8)
        directory.mkdir(mode=0o700)
        handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield directory
        finally:
            os.close(handle)
            shutil.rmtree(directory, ignore_errors=True)

    def adopt(self, made: Path, place: Path) -> None:
        """Give what is whole its name in the store; if somebody else was first, theirs stays."""
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            made.rename(place)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            shutil.rmtree(made, ignore_errors=True)

    def discard(self, place: Path) -> None:
        """Take something out of the store: first its name, then its files."""
        aside = self._unfinished / secrets.token_hex(8)
        try:
            place.rename(aside)
        except FileNotFoundError:
            return
        shutil.rmtree(aside, ignore_errors=True)

    def tidy(self) -> None:
        """Remove what killed processes left."""
        for left in self._unfinished.iterdir():
            try:
                handle = os.open(left, os.O_RDONLY | os.O_DIRECTORY)
            except OSError:
                continue
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            else:
                shutil.rmtree(left, ignore_errors=True)
            finally:
                os.close(handle)

    @contextmanager
    def _flock(self, operation: int) -> Iterator[None]:
        handle = os.open(self.home, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(handle, operation)
            yield
        finally:
            os.close(handle)
