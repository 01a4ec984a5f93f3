"""Seals: what is in the store can be told from what was damaged since it was written."""

import hashlib
import os
from collections.abc import Iterable

Trace = tuple[str, int, int, int]
"""A file as it was written: its path, its size in bytes, its time in ns, its mode."""


def sealed(content: bytes) -> bytes:
    """The content under a line with its sha256."""
    return hashlib.sha256(content).hexdigest().encode() + b"\n" + content


def opened(content: bytes) -> bytes:
    """What `sealed` was given. Raises ValueError if it is not what it was."""
    inside = content.partition(b"\n")[2]
    if sealed(inside) != content:
        raise ValueError("the seal is broken")
    return inside


def trace(root: str, path: str) -> Trace:
    """The trace of a file; `path` is relative to `root`."""
    status = os.lstat(f"{root}/{path}")
    return path, status.st_size, status.st_mtime_ns, status.st_mode


def traces(root: str) -> list[Trace]:
    """The traces of every file below a directory."""
    return [trace(root, os.path.relpath(os.path.join(folder, name), root))
            for folder, _, names in os.walk(root) for name in names]


def intact(root: str, expected: Iterable[Trace]) -> bool:
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
