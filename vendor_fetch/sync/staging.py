"""Change the locks and the vendored files of a project together.

New files and locks come into being in a directory beside, `requirements/.vendoring/`. When all are
there, a journal is written, and then they get their names one after the other. A run that is killed
before the journal has changed nothing; after it, the next run completes the change.

A change removes only files that a lock named. All others in requirements/src/ belong to the user.
"""

import os
import re
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath

from bootstrapper.errors import WorkFailed
from bootstrapper.quoting import quoted
from bootstrapper.ve.project.lockfile import APPS, SOURCE, TOOLS, LockedFile
from bootstrapper.ve.project.vendored_files import sha256_of
from vendor_fetch.atomic_file import write_file
from vendor_fetch.git_command import run_git
from vendor_fetch.program import retry_command, sync_command
from vendor_fetch.project.apps_in import included_files
from vendor_fetch.project.locks import locked_names
from vendor_fetch.project.project import APPS_IN, BESIDE, VendorProject

_JOURNAL = BESIDE / "journal"
# Files that a killed run of version 0.1 was copying, as tempfile names them; and its journal.
_PART = re.compile(r"\.[a-z0-9_]{8}\.part|\.unfinished-sync")


_ATTEMPTS = 10
_COMMITS = re.compile(r"[0-9a-f]{40,64} [0-9a-f]{40,64}")


class Staging:
    """The change of a project. `project` is the same project with its files beside."""

    def __init__(self, project: VendorProject) -> None:
        self._directory = project.directory
        # Without apps.in, the project was not vendored yet: its lists name files of the user.
        is_vendored = (project.directory / APPS_IN).is_file()
        self._owned = locked_names(project.directory) if is_vendored else set()
        self._edits: dict[PurePosixPath, bytes | None] = {}
        self._deleted: dict[PurePosixPath, bytes] = {}
        self._branch = ""
        self.project = replace(project, staging=project.directory / BESIDE)

    def fill(self) -> None:
        """Give the project beside the files and locks that the project has now."""
        self.project.source.mkdir(parents=True)
        asked = included_files(self._directory) if (self._directory / APPS_IN).is_file() else []
        for name in (APPS, TOOLS, PurePosixPath("pyproject.toml"), *asked):
            if (self._directory / name).is_file():
                copy = self.project.vendored / name
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(self._directory / name, copy)
        for path in _files(self._directory / SOURCE):
            _link_or_copy(path, self.project.source / path.name)

    def edit(self, file: PurePosixPath, content: bytes, *, executable: bool = False) -> None:
        """Write a file that people write, such as apps.in, together with the vendored files.

        Raise WorkFailed if it is no file of the project.
        """
        self._refuse_outside(file)
        path, beside = self._directory / file, self.project.vendored / file
        self._edits[file] = path.read_bytes() if path.exists() else None
        beside.parent.mkdir(parents=True, exist_ok=True)
        write_file(beside, content)
        if path.exists():
            shutil.copymode(path, beside)
        if executable:
            beside.chmod(beside.stat().st_mode | 0o111)

    def restore(self, file: PurePosixPath, content: bytes, *, mode: int) -> None:
        """Write a file that people write with a mode."""
        self.edit(file, content)
        (self.project.vendored / file).chmod(mode)

    def drop(self, names: Iterable[str]) -> None:
        """Remove vendored files."""
        for name in names:
            (self.project.source / name).unlink(missing_ok=True)
            self._owned.add(name)

    def delete(self, file: PurePosixPath) -> None:
        """Delete a file that people write, or a lock, together with the vendored files.

        Raise WorkFailed if it is no file of the project.
        """
        self._refuse_outside(file)
        self._deleted[file] = (self._directory / file).read_bytes()
        (self.project.vendored / file).unlink(missing_ok=True)

    def _refuse_outside(self, file: PurePosixPath) -> None:
        if not _is_inside(self._directory, file):
            raise WorkFailed(
                str(file),
                "is no file of the project, or a link leads out of it",
                f"ls -l {quoted(str(file))}  # then: {retry_command()}",
            )

    def add(self, name: str, content: bytes) -> None:
        """Add a file of the project's own to the vendored ones; a line of apps.in names its path."""
        write_file(self.project.source / name, content)

    def move_branch(self, head: str, commit: str) -> None:
        """Let the branch of git go from `head` to the commit that has these files, as the last step."""
        self._branch = f"{head} {commit}"

    def keep(self, files: Iterable[LockedFile]) -> None:
        """Remove the files beside that no line of the new locks names.

        Raise WorkFailed if the user has a file of the same name with other bytes.
        """
        named = {file.path.name: file for file in files}
        for path in _files(self.project.source):
            if path.name not in named:
                path.unlink()
        for name, file in named.items():
            path = self._directory / SOURCE / name
            if name not in self._owned and path.exists() and sha256_of(path) not in file.sha256:
                raise WorkFailed(
                    str(SOURCE / name),
                    "is in no lock, and has other bytes than the file of that name "
                    f"that {APPS_IN} asks for",
                    f"mv {quoted(str(SOURCE / name))} .. && {sync_command()}  # or ask "
                    f"for your file by its path in {APPS_IN}: {quoted(f'./{SOURCE / name}')}",
                )

    def commit(self) -> None:
        """Put the files and locks in their places.

        Raise WorkFailed if somebody has changed a file meanwhile that is to be edited.
        """
        for file, old in {**self._edits, **self._deleted}.items():
            path = self._directory / file
            if (path.read_bytes() if path.exists() else None) != old:
                raise WorkFailed(str(file), "was changed while this command ran", retry_command())
        removed = sorted(self._owned - {path.name for path in _files(self.project.source)})
        _sync_directory(self.project.source)
        journal = [
            *(f"+ {file}" for file in self._edits),
            *(f"- {name}" for name in removed),
            *(f"x {file}" for file in self._deleted),
            *(f"b {commits}" for commits in [self._branch] if commits),
        ]
        write_file(self._directory / _JOURNAL, "".join(f"{line}\n" for line in journal).encode())
        _sync_directory(self._directory / BESIDE)
        _complete(self._directory)


@contextmanager
def staging(project: VendorProject) -> Iterator[Staging]:
    """Return a change of a project that is discarded at the end unless it was committed.

    The caller holds the project's lock. First complete or discard what a killed run has left.
    """
    recover(project.directory)
    change = Staging(project)
    try:
        change.fill()
        yield change
    finally:
        shutil.rmtree(project.directory / BESIDE, ignore_errors=True)


def recover(directory: Path) -> None:
    """Complete the change of a killed run, or discard it if it was not ready.

    Raise WorkFailed for a directory that no run has left.
    """
    if (directory / BESIDE).is_symlink():
        raise _foreign("is a link to another directory")
    if (directory / _JOURNAL).is_file():
        _complete(directory)
    if (directory / BESIDE).exists():
        shutil.rmtree(directory / BESIDE)
    for path in (directory / SOURCE).glob(".*"):
        if _PART.fullmatch(path.name):
            path.unlink()


def _complete(directory: Path) -> None:
    """Move the files and locks from beside to their places, and remove those that the journal names.

    A second call after an interruption has the same result.
    """
    journal = [
        line.split(" ", 1)
        for line in (directory / _JOURNAL).read_text(encoding="utf-8").splitlines()
    ]
    edited = [PurePosixPath(entry[1]) for entry in journal if entry[0] == "+" and entry[1:]]
    deleted = [PurePosixPath(entry[1]) for entry in journal if entry[0] == "x" and entry[1:]]
    targets = (SOURCE / "x", APPS, TOOLS, *edited, *deleted)
    if not all(map(_is_own_entry, journal)) or not all(
        _is_inside(directory, file) for file in targets
    ):
        raise _foreign("has a journal that names files outside of the project")
    source = directory / SOURCE
    source.mkdir(parents=True, exist_ok=True)
    for path in _files(directory / BESIDE / SOURCE):
        path.replace(source / path.name)
    _sync_directory(source)
    for file in (APPS, TOOLS, *edited):
        path = directory / BESIDE / file
        if path.is_file() and (file in edited or not _same(path, directory / file)):
            (directory / file).parent.mkdir(parents=True, exist_ok=True)
            path.replace(directory / file)
    _sync_directory(directory / APPS.parent)
    for kind, name in journal:
        if kind in "-x":
            (source / name if kind == "-" else directory / name).unlink(missing_ok=True)
        elif kind == "b":
            _move_branch(directory, *name.split())
    (directory / _JOURNAL).unlink()


def _move_branch(directory: Path, head: str, commit: str) -> None:
    """Bring the branch and the index to a commit, unless somebody has moved the branch meanwhile.

    The git of a run that was killed a moment ago may still be at it, so a failure is tried again.
    """
    at = ("-C", str(directory))
    for _ in range(_ATTEMPTS):
        if run_git(*at, "rev-parse", "HEAD").stdout.strip() not in (head, commit):
            return
        run = run_git(*at, "reset", "--quiet", "--mixed", commit, detached=True)
        if not run.returncode:
            return
        time.sleep(0.2)
    raise WorkFailed(
        f"git in {directory}",
        run.stderr.strip(),
        f"{retry_command()}  # it completes the change that has begun",
    )


def _is_inside(directory: Path, file: PurePosixPath) -> bool:
    """Return whether a path is that of a file of the project, and of none of git's own.

    A link in the project must not lead to a directory elsewhere. A project that somebody else has
    made can have any link.
    """
    if file.is_absolute() or ".." in file.parts:
        return False
    top, parent = directory.resolve(), (directory / file).parent.resolve()
    if not parent.is_relative_to(top):
        return False
    parts = (*parent.relative_to(top).parts, file.name)
    return not any(part.casefold() == ".git" for part in parts)


def _is_own_entry(entry: list[str]) -> bool:
    """Return whether a journal of this program can have an entry."""
    kind, name = (*entry, "")[:2]
    if kind == "b":
        return bool(_COMMITS.fullmatch(name))
    path = PurePosixPath(name)
    inside = not path.is_absolute() and ".." not in path.parts
    return (kind in ("+", "x") and inside) or (kind == "-" and inside and path.name == name)


def _foreign(fault: str) -> WorkFailed:
    return WorkFailed(
        str(BESIDE), fault, f"rm -r {quoted(str(BESIDE))} && {sync_command()}  # after a look at it"
    )


def _files(directory: Path) -> list[Path]:
    """Return the regular files of a directory."""
    if not directory.is_dir():
        return []
    return [
        path for path in sorted(directory.iterdir()) if path.is_file() and not path.is_symlink()
    ]


def _same(one: Path, other: Path) -> bool:
    return other.is_file() and one.read_bytes() == other.read_bytes()


def _link_or_copy(path: Path, copy: Path) -> None:
    try:
        os.link(path, copy)
    except OSError:  # a file system without hardlinks, or a file of another user
        shutil.copy2(path, copy)


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
