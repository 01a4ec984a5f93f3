"""Putting entries of the store into a ve: by hardlink, by reflink, or as copies."""

import errno
import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from bootstrapper.errors import WorkFailed
from bootstrapper.ve import script
from bootstrapper.ve.entry import Entry
from bootstrapper.ve.interpreter import Interpreter
from bootstrapper.ve.unpacking import record, row

LINK_MODES = ("auto", "hardlink", "copy")
# Another file system, or one that has no hardlinks or no more of them for this file.
_NO_HARDLINK = {errno.EXDEV, errno.EPERM, errno.ENOTSUP, errno.EMLINK}
_FICLONE = 0x40049409  # linux/fs.h
_NO_REFLINK = {errno.EXDEV, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOTTY, errno.EPERM,
               errno.ENOSYS}


@dataclass(frozen=True, kw_only=True)
class Part:
    """An entry, what messages call it, and which of its paths a later one takes."""

    entry: Entry
    name: str
    overridden: Collection[str]


class Linking:
    """A ve that is being filled.

    `place` is the directory where it is built; `python` its interpreter's path where it will
    live, which goes into the scripts.
    """

    def __init__(self, place: Path, python: str, interpreter: Interpreter, mode: str) -> None:
        self._place = place
        self._shebang = script.shebang(python)
        self._interpreter = interpreter
        put: dict[str, Callable[[str, str], None]] = {
            "auto": self._link_or_copy, "hardlink": os.link, "copy": copy}
        self._put = put[mode]

    def run(self, parts: Sequence[Part], done: Callable[[Part], None]) -> None:
        """Fill it; calls `done` after each part.

        Raises WorkFailed: a wheel wants to replace a file of the ve itself, or hardlinks are
        asked for and there are none here. Raises OSError.
        """
        self._make_directories(parts)
        sources: list[str] = []
        for part in parts:
            self._files(part)
            sources += self._scripts(part)
            done(part)
        if sources:
            self._compile(sources)

    def _make_directories(self, parts: Sequence[Part]) -> None:
        for folder in sorted({folder for part in parts for folder in part.entry.index.directories}):
            try:
                os.mkdir(f"{self._place}/{folder}")
            except FileExistsError:
                if not os.path.isdir(f"{self._place}/{folder}"):
                    raise self._replaces(parts, folder) from None

    def _files(self, part: Part) -> None:
        tree, place, put, overridden = part.entry.tree, self._place, self._put, part.overridden
        for path, _, _ in part.entry.index.files:
            if path in overridden:
                continue
            try:
                put(f"{tree}/{path}", f"{place}/{path}")
            except FileExistsError:
                # Never over or through what is there: virtualenv's bin/python is the system's.
                raise self._replaces([part], path) from None
            except OSError as error:
                if error.errno in _NO_HARDLINK and put is os.link:
                    raise WorkFailed(tree, f"can't be hardlinked into {place} ({error.strerror})",
                                     "./bootstrap.py --link-mode copy") from None
                raise

    def _link_or_copy(self, source: str, target: str) -> None:
        try:
            os.link(source, target)
        except OSError as error:
            if error.errno not in _NO_HARDLINK:
                raise
            if error.errno != errno.EMLINK:  # one file with too many links says nothing of others
                self._put = copy
            copy(source, target)

    def _scripts(self, part: Part) -> list[str]:
        """Write the scripts with their first line, and RECORD with their rows.

        Returns those that are modules as well: pip compiles them, and so do we.
        """
        entry, rows = part.entry, []
        if not entry.index.scripts:
            return []
        for path, body, executable in entry.index.scripts:
            content = self._shebang + entry.body(body)
            rows.append((os.path.relpath(path, os.path.dirname(os.path.dirname(
                entry.index.record))), *row(content)))
            if path not in part.overridden:
                self._write(path, content, part, 0o777 if executable else 0o666)
        modules = [path for path, _, _ in entry.index.scripts if path.endswith(".py")]
        rows += [(os.path.relpath(self._pyc(path), os.path.dirname(os.path.dirname(
            entry.index.record))), "", "") for path in modules]
        self._write(entry.index.record, entry.record() + record(rows), part, 0o666)
        return modules

    def _write(self, path: str, content: bytes, part: Part, mode: int) -> None:
        try:
            file = os.open(f"{self._place}/{path}",
                           os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
        except FileExistsError:
            raise self._replaces([part], path) from None
        with open(file, "wb") as stream:
            stream.write(content)
            if mode & 0o111:  # as pip and distlib do, whatever the umask
                os.fchmod(file, os.fstat(file).st_mode | 0o555)

    def _compile(self, paths: list[str]) -> None:
        """Bytecode of the scripts that are modules; rare, so a process of its own may do it."""
        subprocess.run(
            [self._interpreter.executable, "-E", "-s", "-S", "-m", "compileall", "-q", "-s",
             self._place, *(f"{self._place}/{path}" for path in paths)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)

    def _pyc(self, path: str) -> str:
        folder, name = os.path.split(path)
        tag = self._interpreter.bytecode.rpartition("-")[0]
        return f"{folder}/__pycache__/{name.removesuffix('.py')}.{tag}.pyc"

    def _replaces(self, parts: Sequence[Part], path: str) -> WorkFailed:
        part = next(part for part in parts
                    if path in part.entry.index.directories or path in part.entry.paths)
        return WorkFailed(part.name, f"{path} in it would replace a file of the ve itself",
                          "vendor another version of it: make vendor")


def copy(source: str, target: str) -> None:
    """A copy with its mode and times, sharing blocks where the file system can (FICLONE)."""
    with open(source, "rb") as original:
        status = os.fstat(original.fileno())
        file = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW,
                       status.st_mode & 0o777)
        with open(file, "wb") as stream:
            try:
                fcntl.ioctl(file, _FICLONE, original.fileno())
            except OSError as error:
                if error.errno not in _NO_REFLINK:
                    raise
                shutil.copyfileobj(original, stream)
            stream.flush()
            os.fchmod(file, status.st_mode & 0o777)
            # Bytecode holds its source's time: a copy with another would be compiled again.
            os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
