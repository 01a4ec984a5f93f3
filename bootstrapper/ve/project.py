"""A project: the directory that holds requirements/, and one day a ve/."""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bootstrapper.errors import InputError, WorkFailed
from bootstrapper.ve.lockfile import APPS


class Project:
    """A project's directory and what stands in it for us. Raises InputError if it is none."""

    def __init__(self, directory: Path) -> None:
        self.directory = Path(os.path.abspath(directory))
        if not (self.directory / APPS.parent).is_dir():
            raise InputError(str(self.directory), f"no project: it has no {APPS.parent}/",
                             "cd to the project, or name it: --project DIRECTORY")

    @property
    def ve(self) -> Path:
        """Where the ve lives."""
        return self.directory / "ve"

    @property
    def wanted(self) -> list[str]:
        """The requirements that people wrote: the lines of apps.in, without comments."""
        try:
            text = (self.directory / APPS.with_suffix(".in")).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return []
        lines = (re.sub(r"(^|\s)#.*", "", line).strip() for line in text.splitlines())
        return [line for line in lines if line]

    @contextmanager
    def writable(self) -> Iterator[None]:
        """While the project is written to: what the system refuses is told as WorkFailed."""
        try:
            yield
        except OSError as error:
            raise _told(error, self.directory) from error


def _told(error: OSError, directory: Path) -> WorkFailed:
    """The system's refusal in words that say what to do."""
    where = str(error.filename or directory)
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return WorkFailed(where, f"the disk is full ({error.strerror})",
                              "make room (df -h, du -sh), then: ./bootstrap.py")
        case errno.EROFS | errno.EACCES | errno.EPERM:
            return WorkFailed(where, f"can't be written ({error.strerror})",
                              f"run ./bootstrap.py as the owner of {directory}, on a disk that "
                              "is mounted for writing")
        case _:
            return WorkFailed(where, error.strerror or str(error),
                              "mend that, then: ./bootstrap.py")
