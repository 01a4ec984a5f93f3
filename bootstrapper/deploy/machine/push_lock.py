"""The push lock of a deployment on this machine: one push at a time.

The kernel releases it when the process that holds it dies.
"""

import fcntl
import os
import time
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Self

from bootstrapper.deploy.machine.directory import deploy_directory
from bootstrapper.deploy.machine.holder import PushHolder
from bootstrapper.deploy.machine.process import close_in_children

LOCKS = "locks"

# A status query (`holder`) locks the file for an instant. A push waits so long before it gives up.
_LOOKED_AT = 0.3


class PushLock:
    """A context manager that holds the kernel's lock; the file names the `holder` for messages.

    It uses flock(2): a process loses a lock of lockf(3) as soon as any of its code closes the same
    file, and code that only reads the holder does that.
    """

    def __init__(self, project: Path, holder: PushHolder) -> None:
        self._project = project
        self._holder = holder
        self._file: FileIO | None = None

    def __enter__(self) -> Self:
        """Raise Locked, with the holder's details, if another push runs."""
        path = deploy_directory(self._project, LOCKS) / f"{self._holder.deployment}.lock"
        file = FileIO(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+")
        end = time.monotonic() + _LOOKED_AT
        while not _locked(file, fcntl.LOCK_EX):
            if time.monotonic() > end:
                other = PushHolder.from_json(file.readall() or b"")
                file.close()
                raise other.refusal(self._holder.deployment)
            time.sleep(0.02)
        close_in_children(file)
        self._file = file
        self.set_holder(self._holder)
        return self

    def set_holder(self, holder: PushHolder) -> None:
        """Write the number of the push, once it is known."""
        assert self._file is not None
        self._holder = holder
        os.pwrite(self._file.fileno(), (line := f"{holder.to_json()}\n".encode()), 0)
        os.ftruncate(self._file.fileno(), len(line))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def current_holder(project: Path, deployment: str) -> PushHolder | None:
    """Return the user who pushes the deployment from this project now; None if the holder died."""
    path = project / ".deploy" / LOCKS / f"{deployment}.lock"
    try:
        file = FileIO(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
    except FileNotFoundError:
        return None
    with file:
        return None if _locked(file, fcntl.LOCK_SH) else PushHolder.from_json(file.readall() or b"")


def _locked(file: FileIO, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
