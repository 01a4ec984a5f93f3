"""Files that appear under their name only when they are complete."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


class AtomicFile:
    """A new file under a temporary name, in the directory that it will stay in."""

    def __init__(self, stream: BinaryIO, path: Path) -> None:
        self._stream = stream
        self._path = path

    def write(self, chunk: bytes) -> None:
        """Append a chunk."""
        self._stream.write(chunk)

    def commit(self, destination: Path, *, durable: bool = True) -> None:
        """Rename the file to `destination`, with mode 0644. Readers see all of it or nothing.

        If it is not `durable`, the file may be damaged after the machine has lost its power.
        """
        self._stream.flush()
        os.fchmod(self._stream.fileno(), 0o644)
        if durable:
            os.fsync(self._stream.fileno())
        self._path.rename(destination)


@contextmanager
def atomic_file(directory: Path) -> Iterator[AtomicFile]:
    """Open a new file in a directory; delete it afterwards unless it was committed."""
    descriptor, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=directory)
    try:
        with open(descriptor, "wb") as stream:
            yield AtomicFile(stream, Path(name))
    finally:
        Path(name).unlink(missing_ok=True)


def write_file(path: Path, content: bytes) -> None:
    """Write a whole file by one rename."""
    with atomic_file(path.parent) as file:
        file.write(content)
        file.commit(path)
