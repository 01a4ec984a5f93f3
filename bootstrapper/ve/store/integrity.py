"""Seals: what is in the store can be told from what was damaged since it was written."""

import hashlib
import os
from collections.abc import Iterable

FileStamp = tuple[str, int, int, int]
"""A file as it was written: its path, its size in bytes, its time in ns, its mode."""


def with_checksum(content: bytes) -> bytes:
    """The content under a line with its sha256."""
    return hashlib.sha256(content).hexdigest().encode() + b"\n" + content


def checked_content(content: bytes) -> bytes:
    """What `sealed` was given. Raises ValueError if it is not what it was."""
    inside = content.partition(b"\n")[2]
    if with_checksum(inside) != content:
        raise ValueError("the seal is broken")
    return inside


def file_stamp(root: str, path: str) -> FileStamp:
    """The trace of a file; `path` is relative to `root`."""
    status = os.lstat(f"{root}/{path}")
    return path, status.st_size, status.st_mtime_ns, status.st_mode


def file_stamps(root: str) -> list[FileStamp]:
    """The traces of every file below a directory."""
    return [
        file_stamp(root, os.path.relpath(os.path.join(folder, name), root))
        for folder, _, names in os.walk(root)
        for name in names
    ]


def unchanged(root: str, expected: Iterable[FileStamp]) -> bool:
    """Whether every file is there with the size, time and mode that it was written with.

    That is a look at the file system, not at the bytes: it finds what was lost in a crash and
    what somebody edited through a ve, at a hundredth of the cost of reading. `check` reads.
    """
    try:
        for path, *written in expected:
            status = os.lstat(f"{root}/{path}")
            if [status.st_size, status.st_mtime_ns, status.st_mode] != written:
                return False
    except OSError:
        return False
    return True
