"""A file that appears whole."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


class AtomicFile:
    """A file that is being written, under a temporary name in the directory of its lasting one."""

    def __init__(self, stream: BinaryIO, path: Path) -> None:
        self._stream = stream
        self._path = path

    def write(self, chunk: bytes) -> None:
        """Append."""
        self._stream.write(chunk)

    def settle(self, destination: Path) -> None:
        """Give it its lasting name, mode 0644; a reader sees all of it or nothing."""
        self._stream.flush()
        os.fchmod(self._stream.fileno(), 0o644)
        os.fsync(self._stream.fileno())
        self._path.rename(destination)


@contextmanager
def atomic_file(directory: Path) -> Iterator[AtomicFile]:
    """A new file to write to; it is gone afterwards unless it was settled."""
    descriptor, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=directory)
    try:
        with open(descriptor, "wb") as stream:
            yield AtomicFile(stream, Path(name))
    finally:
        Path(name).unlink(missing_ok=True)
