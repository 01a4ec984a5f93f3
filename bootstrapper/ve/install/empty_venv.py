"""An empty ve, as virtualenv makes it: made once for an interpreter, then copied."""

import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bootstrapper.errors import WorkFailed
from bootstrapper.ve.install.virtualenv import Virtualenv
from bootstrapper.ve.python.interpreter import Interpreter
from bootstrapper.ve.store.context import Context
from bootstrapper.ve.store.integrity import checked_content, file_stamps, unchanged, with_checksum
from bootstrapper.ve.system import modes
from bootstrapper.ve.system.child import run_in_child

# virtualenv quotes what it writes into shell scripts; a path like this needs no quoting, so one
# may be put in place of another.
_PLAIN = re.compile(r"[A-Za-z0-9_./+@-]+")
_PROMPT = "the-name-of-the-project"
_VE = "ve"
_SEAL = "seal"  # the traces of its files, under a seal


@dataclass(frozen=True, kw_only=True)
class EmptyVenv:
    """An empty ve in a directory, and the texts to be replaced when it is copied."""

    source: Path
    replacements: dict[bytes, bytes]

    def paths(self) -> tuple[list[str], list[str]]:
        """Its files and links, and its folders, relative to it."""
        files: list[str] = []
        folders: list[str] = []
        for path, entry in _walk(self.source):
            (folders if entry.is_dir(follow_symlinks=False) else files).append(path)
        return files, folders

    def copy(self, place: Path) -> None:
        """Copy it into a directory that has none of its files. Raises OSError."""
        for path, entry in _walk(self.source):
            target = f"{place}/{path}"
            if entry.is_symlink():
                os.symlink(os.readlink(entry), target)
            elif entry.is_dir():
                if not os.path.isdir(target):
                    os.mkdir(target)
            else:
                with open(entry, "rb") as stream:
                    content = stream.read()
                for old, new in self.replacements.items():
                    content = content.replace(old, new)
                with open(target, "xb") as stream:
                    stream.write(content)
                    os.fchmod(stream.fileno(), modes.of(entry.stat()))


def _walk(folder: Path, below: str = "") -> Iterator[tuple[str, "os.DirEntry[str]"]]:
    """Everything below a directory, with its path; parents first, links not followed."""
    for entry in os.scandir(folder):
        path = f"{below}{entry.name}"
        yield path, entry
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry), f"{path}/")


class EmptyVenvFactory:
    """How the empty ve of one project is come by. `living` is where the ve will live.

    No pip is in it. It is kept in the store if `living` can be written in place of its path
    there, else it is made for this project alone, in `scratch`.
    """

    def __init__(
        self,
        context: Context,
        virtualenv: Virtualenv,
        directory: Path,
    ) -> None:
        self._interpreter = context.interpreter
        self._virtualenv = virtualenv
        self._store = context.store
        self._ve = context.project.ve
        self._in_store = bool(_PLAIN.fullmatch(f"{self._ve}{self._store.home}"))
        self._place = (
            self._store.place("bare", _key(self._interpreter, virtualenv))
            if self._in_store
            else directory / "bare"
        )
        self._found: EmptyVenv | None = None

    @contextmanager
    def creating(self) -> Iterator[None]:
        """Create the empty virtualenv in a child process while the block runs, if it is missing."""
        self._found = self._found or self.cached()
        if self._found:
            yield
            return
        with run_in_child(self.create):
            yield

    def cached(self) -> EmptyVenv | None:
        """The one that is kept, if there is one, and it is whole."""
        if self._in_store:
            source = self._store.find(self._place, _whole)
            prompt = self._ve.parent.name
            return (
                EmptyVenv(
                    source=source,
                    replacements={
                        os.fsencode(source): os.fsencode(self._ve),
                        _PROMPT.encode(): prompt.encode(),
                    },
                )
                if source
                else None
            )
        if not self._place.exists():
            return None
        # Of the path, only the part that is ours to change: that one needs no quoting.
        inside = os.path.relpath(self._place / _VE, self._ve.parent)
        return EmptyVenv(
            source=self._place / _VE,
            replacements={os.fsencode(inside): os.fsencode(self._ve.name)},
        )

    def get(self) -> EmptyVenv:
        """Return the empty virtualenv. Raise WorkFailed if it does not exist."""
        self._found = self._found or self.cached()
        if self._found:
            return self._found
        raise WorkFailed(
            str(self._place),
            "the empty ve went away as it was made",
            "see who writes there, then: ./bootstrap.py",
        )

    def create(self) -> None:
        """Make it. Raises WorkFailed if virtualenv does, or OSError."""
        with modes.umask():
            self._create()

    def _create(self) -> None:
        if not self._in_store:
            self._virtualenv.create(
                self._place / _VE, self._interpreter, prompt=self._ve.parent.name
            )
            return
        with self._store.unfinished() as directory:
            made = directory / "bare"
            self._virtualenv.create(made / _VE, self._interpreter, prompt=_PROMPT)
            _replace(made / _VE, os.fsencode(made), os.fsencode(self._place))
            seal = json.dumps(file_stamps(f"{made}/{_VE}")).encode()
            (made / _SEAL).write_bytes(with_checksum(seal))
            self._store.publish(made, self._place)


def _whole(kept: Path) -> Path:
    """Where its files are, if it is as it was made. Raises OSError or ValueError."""
    if not unchanged(f"{kept}/{_VE}", json.loads(checked_content((kept / _SEAL).read_bytes()))):
        raise ValueError(f"{kept} is damaged")
    return kept / _VE


def _key(interpreter: Interpreter, virtualenv: Virtualenv) -> str:
    """What an empty ve depends on: the interpreter, and virtualenv with all it needs."""
    status = interpreter.executable.stat()
    facts = [
        os.fspath(interpreter.executable),
        status.st_size,
        status.st_mtime_ns,
        interpreter.environment["python_full_version"],
        sorted(virtualenv.sha256.items()),
    ]
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _replace(ve: Path, old: bytes, new: bytes) -> None:
    for path, entry in _walk(ve):
        if entry.is_file(follow_symlinks=False):
            file = ve / path
            content = file.read_bytes()
            if old in content:
                file.write_bytes(content.replace(old, new))
