"""What the processes of one test run share: directories that are made once, and whose turn it is.

`pytest -n 2` runs the tests in two processes, and each has session fixtures of its own.
"""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def shared_directory(factory: pytest.TempPathFactory) -> Path:
    """Return the directory of this run, the same one in all of its processes."""
    own = factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


def made_once(directory: Path, make: Callable[[Path], object]) -> Path:
    """Return the directory; the first process that asks for it creates it and calls `make`.

    The others wait. After a failure the next process tries again.
    """
    made = directory.with_name(f"{directory.name}.made")
    with locked(directory.with_name(f"{directory.name}.lock")):
        if not made.exists():
            shutil.rmtree(directory, ignore_errors=True)
            directory.mkdir(parents=True)
            make(directory)
            made.touch()
    return directory


@contextmanager
def locked(path: Path, operation: int = fcntl.LOCK_EX) -> Iterator[None]:
    """Hold a lock on a file, alone or (LOCK_SH) with others."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, operation)
        yield
    finally:
        # Closing would not do: a process that a test forked may have the descriptor, too.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


@contextmanager
def turn(directory: Path, *, alone: bool) -> Iterator[None]:
    """Run a test beside others, or while none of the other processes runs one.

    A test that waits to be alone keeps the gate, so no other test begins before it.
    """
    gate, hall = directory / "gate.lock", directory / "hall.lock"
    with locked(gate):
        inside = locked(hall, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        inside.__enter__()
    try:
        yield
    finally:
        inside.__exit__(None, None, None)
