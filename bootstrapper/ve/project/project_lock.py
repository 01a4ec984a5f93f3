"""Lock a project, so that one process at a time changes its virtualenv and vendored files."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bootstrapper.errors import Locked
from bootstrapper.quoting import quoted


@contextmanager
def project_lock(directory: Path, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold the lock on a project's requirements/; if another process has it, wait or raise Locked.

    Call `waiting` before waiting; without it, raise Locked. The lock is the kernel's (flock) on the
    directory itself: it leaves no file behind, and the kernel releases it when its holder exits. It
    is not on the project's own directory, because a push in place locks that (agent.sh) while it
    rebuilds the virtualenv.
    """
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if waiting is None:
                raise Locked(
                    str(directory),
                    "a rebuild or another vendor_fetch is using it",
                    f"fuser -v {quoted(str(directory))}  # wait until it has ended",
                ) from None
            waiting()
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
