"""A project: the directory that holds requirements/, and one day a ve/."""

import errno
import fcntl
import os
import re
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bootstrapper.errors import InputError, WorkFailed
from bootstrapper.ve.lockfile import APPS
from bootstrapper.ve.version import InvalidVersion, Version, matches


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
    def requires_python(self) -> str:
        """`requires-python` of pyproject.toml, such as `==3.12.*`; empty if nobody says."""
        try:
            text = (self.directory / "pyproject.toml").read_text(encoding="utf-8")
            value = tomllib.loads(text).get("project", {}).get("requires-python", "")
        except FileNotFoundError:
            return ""
        except (ValueError, AttributeError) as error:  # TOML and UTF-8 errors are ValueErrors
            raise InputError("pyproject.toml", str(error), "mend the file") from None
        try:
            matches(Version("3"), value)
        except (InvalidVersion, AttributeError):
            raise InputError("pyproject.toml", f"requires-python = {value!r} is no version "
                             'specifier (PEP 440)', 'write it like "==3.12.*"') from None
        return str(value)

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
    def locked(self, waiting: Callable[[], None]) -> Iterator[None]:
        """Hold the project for one rebuild; calls `waiting` if another has to end first.

        The lock is the kernel's, on the directory itself (flock): it leaves no file behind and
        ends with its holder, however that ends.
        """
        handle = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                waiting()
                fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        except OSError as error:
            raise _told(error, self.directory) from error
        finally:
            os.close(handle)


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
