"""Empty virtualenvs: virtualenv creates one per interpreter, and each rebuild copies it."""

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

# virtualenv quotes paths in shell scripts. Paths of these characters need no quoting, so one can
# replace another.
_PLAIN = re.compile(r"[A-Za-z0-9_./+@-]+")
_PROMPT = "the-name-of-the-project"
_VE = "ve"
_STAMPS = "seal"  # the stamps of its files, with a checksum


@dataclass(frozen=True, kw_only=True)
class EmptyVenv:
    """An empty virtualenv, and the texts to replace when it is copied."""

    source: Path
    replacements: dict[bytes, bytes]

    def paths(self) -> tuple[list[str], list[str]]:
        """Return the paths of its files and links, and those of its directories."""
        files: list[str] = []
        folders: list[str] = []
        for path, entry in _walk(self.source):
            (folders if entry.is_dir(follow_symlinks=False) else files).append(path)
        return files, folders

    def copy(self, place: Path) -> None:
        """Copy it into a directory that has none of its files. Raise OSError."""
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
    """Yield everything below a directory, with its path; parents first, without following links."""
    for entry in os.scandir(folder):
        path = f"{below}{entry.name}"
        yield path, entry
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry), f"{path}/")


class EmptyVenvFactory:
    """Creates the empty virtualenv for one project, without pip, or takes it from the store.

    The store can keep it only if the project's path can replace the store's path in its scripts.
    Otherwise it is created in `directory`, for this rebuild alone.
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
        """Return the empty virtualenv; None if it is missing or damaged."""
        if self._in_store:
            source = self._store.find(self._place, _read)
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
        # Replace only the last part of the path, which needs no quoting.
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
            "another process removed the new empty virtualenv",
            "./bootstrap.py --no-store",
        )

    def create(self) -> None:
        """Create the empty virtualenv. Raise WorkFailed or OSError."""
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
            stamps = json.dumps(file_stamps(f"{made}/{_VE}")).encode()
            (made / _STAMPS).write_bytes(with_checksum(stamps))
            self._store.publish(made, self._place)


def _read(place: Path) -> Path:
    """Return the virtualenv in a place of the store. Raise OSError or ValueError if it is damaged."""
    if not unchanged(f"{place}/{_VE}", json.loads(checked_content((place / _STAMPS).read_bytes()))):
        raise ValueError(f"{place} is damaged")
    return place / _VE


def _key(interpreter: Interpreter, virtualenv: Virtualenv) -> str:
    """Return the key of an empty virtualenv: a digest of its interpreter and of virtualenv."""
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
