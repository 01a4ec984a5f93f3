"""A file that grows by whole pieces, even on a full disk."""

import os
from pathlib import Path


class AppendFile:
    """A file to append to; a piece that does not fit on the disk is removed again."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self.size = os.lseek(self._file, 0, os.SEEK_END)
        self._synced = self.size

    def append(self, data: bytes, *, after: bytes = b"") -> int:
        """Add `after` and `data`; returns the offset of `data`."""
        whole = len(after) + len(data)
        try:
            written = os.writev(self._file, (after, data)) if after else os.write(self._file, data)
            while written < whole:
                written += os.write(self._file, (after + data)[written:])
        except OSError:
            os.ftruncate(self._file, self.size)
            os.lseek(self._file, self.size, os.SEEK_SET)
            raise
        self.size += whole
        return self.size - len(data)

    def cut(self, *, after: bytes) -> None:
        """Drop what comes after the last `after`, such as a torn line."""
        block = 64 * 1024
        end = self.size
        while end > 0:
            start = max(0, end - block)
            found = os.pread(self._file, end - start, start).rfind(after)
            if found >= 0:
                end = start + found + len(after)
                break
            end = start
        os.ftruncate(self._file, end)
        self.size = os.lseek(self._file, end, os.SEEK_SET)

    def ends_with(self, data: bytes) -> bool:
        """Return whether these are its last bytes."""
        return os.pread(self._file, len(data), max(0, self.size - len(data))) == data

    def sync(self) -> None:
        """Have it on the disk."""
        if self._synced != self.size:
            os.fdatasync(self._file) if hasattr(os, "fdatasync") else os.fsync(self._file)
            self._synced = self.size

    def close(self) -> None:
        """Let go of it."""
        os.close(self._file)
