"""Detect damage in the store: checksums of small files, sizes and times of many."""

import hashlib
import os
from collections.abc import Iterable

FileStamp = tuple[str, int, int, int]
"""A file after writing: its path, size in bytes, time in ns, and mode."""


def with_checksum(content: bytes) -> bytes:
    """Return the content, preceded by a line with its sha256."""
    return hashlib.sha256(content).hexdigest().encode() + b"\n" + content


def checked_content(content: bytes) -> bytes:
    """Return the content after the checksum line. Raise ValueError if the checksum is wrong."""
    inside = content.partition(b"\n")[2]
    if with_checksum(inside) != content:
        raise ValueError("the checksum is wrong")
    return inside


def file_stamp(root: str, path: str) -> FileStamp:
    """Return the stamp of the file at `path`, which is relative to `root`."""
    status = os.lstat(f"{root}/{path}")
    return path, status.st_size, status.st_mtime_ns, status.st_mode


def file_stamps(root: str) -> list[FileStamp]:
    """Return the stamps of all files below a directory."""
    return [
        file_stamp(root, os.path.relpath(os.path.join(folder, name), root))
        for folder, _, names in os.walk(root)
        for name in names
    ]


def unchanged(root: str, expected: Iterable[FileStamp]) -> bool:
    """Return whether each file has the size, time and mode of its stamp.

    This does not read the files. It finds files that a crash lost or that a user edited through a
    virtualenv, at a hundredth of the cost of hashing. `check` hashes them.
    """
    try:
        for path, *written in expected:
            status = os.lstat(f"{root}/{path}")
            if [status.st_size, status.st_mtime_ns, status.st_mode] != written:
                return False
    except OSError:
        return False
    return True
