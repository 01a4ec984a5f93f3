"""Turns: whoever changes a project's ve or vendored files does so alone."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bootstrapper.errors import Locked


@contextmanager
def turn(project: Path, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold the project; if somebody else does, call `waiting` and wait, or raise Locked.

    The lock is the kernel's, on the directory itself (flock): it leaves no file behind and ends
    with its holder, however that ends.
    """
    handle = os.open(project, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if waiting is None:
                raise Locked(str(project), "a rebuild or another vendor_fetch is at work there",
                             "wait until it is done, then run the same command again") from None
            waiting()
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
