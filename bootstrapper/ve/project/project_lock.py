"""Turns: one process at a time changes a project's ve or its vendored files."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bootstrapper.errors import Locked


@contextmanager
def project_lock(directory: Path, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold the directory; if another process does, call `waiting` and wait, or raise Locked.

    The lock is the kernel's, on the directory itself (flock): it leaves no file behind and ends
    with its holder, however that ends. A project's turn is its requirements/. It is never the
    project's own directory: a push in place holds that for as long as it lives (agent.sh), and
    rebuilds the ve meanwhile.
    """
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if waiting is None:
                raise Locked(
                    str(directory),
                    "a rebuild or another vendor_fetch is at work there",
                    "wait until it is done, then run the same command again",
                ) from None
            waiting()
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
