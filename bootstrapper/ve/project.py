"""A project: the directory that holds requirements/, and one day a ve/."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bootstrapper.errors import InputError, refused
from bootstrapper.ve.lockfile import APPS


class Project:
    """A project's directory and what stands in it for us. Raises InputError if it is none."""

    def __init__(self, directory: Path) -> None:
        self.directory = Path(os.path.abspath(directory))
        if not self.requirements.is_dir():
            raise InputError(str(self.directory), f"no project: it has no {APPS.parent}/",
                             "cd to the project, or name it: --project DIRECTORY")
        path = os.fspath(self.directory)
        if os.pathsep in path or not path.isprintable():
            # PATH can't hold it, and not every file that names it.
            raise InputError(ascii(path), f"a ve can't live at a path with {os.pathsep!r}, or with "
                             "characters that can't be shown", "move the project elsewhere")

    @property
    def requirements(self) -> Path:
        """Where the lock and the vendored files are; the process that changes them holds it."""
        return self.directory / APPS.parent

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
            raise refused(error, self.directory, again="./bootstrap.py") from error
