"""The directory .deploy/init/: unfinished files are built there, beside the project's own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bootstrapper.errors import InputError

IGNORE = ".gitignore"
DIRECTORY = ".deploy/init"
_HIDDEN = b"*\n"
_UNFINISHED = ("definition", "ignore", "record", IGNORE)


@contextmanager
def aside(project: Path) -> Iterator[Path]:
    """Make a directory beside the files, on their file system; remove what is unfinished at the end.

    git never sees what is in it: .deploy/ has a .gitignore from the first moment on.
    """
    remove_leftovers(project)
    directory = project / DIRECTORY
    try:
        directory.parent.mkdir(mode=0o700, exist_ok=True)
        if not (directory.parent / IGNORE).exists():
            _write_at_once(directory.parent / IGNORE, _HIDDEN)
        directory.mkdir(mode=0o700, exist_ok=True)
        yield directory
    finally:
        remove_leftovers(project)


def remove_leftovers(project: Path) -> None:
    """Remove what a killed run has left in .deploy/; the file that hides it from git goes last."""
    if link(project):  # no run has left it, and the files there are others
        return
    directory = project / DIRECTORY
    for name in _UNFINISHED:
        (directory / name).unlink(missing_ok=True)
    remove_empty(directory)
    top = directory.parent
    if top.is_dir() and os.listdir(top) == [IGNORE] and _is_ours(top / IGNORE):
        (top / IGNORE).unlink()
    remove_empty(top)


def link(project: Path) -> str:
    """Return the directory of the unfinished files that is a link; empty if none is."""
    names = (os.path.dirname(DIRECTORY), DIRECTORY)
    return next((name for name in names if (project / name).is_symlink()), "")


def refuse_link(project: Path) -> None:
    """Raise InputError if the directory of the unfinished files is a link."""
    if name := link(project):
        raise InputError(
            name, "is a link, and the files have to be in the project", f"ls -l {name}"
        )


def write(path: Path, content: bytes) -> None:
    """Write a new file, complete on the disk."""
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync(directory: Path) -> None:
    """Wait until the names in a directory are on the disk."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_empty(directory: Path) -> None:
    """Remove a directory if nothing is in it."""
    try:
        directory.rmdir()
    except OSError:  # not there, or a journal is in it
        return


def _is_ours(path: Path) -> bool:
    return path.is_file() and not path.is_symlink() and path.read_bytes() == _HIDDEN


def _write_at_once(path: Path, content: bytes) -> None:
    """Create a file that is complete as soon as it has its name, if the system can do that."""
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        file = os.open(path.parent, os.O_TMPFILE | os.O_WRONLY, 0o600)
        try:
            os.write(file, content)
            # With src_dir_fd, Python calls linkat(2), which can follow this link (open(2), O_TMPFILE).
            os.link(f"/proc/self/fd/{file}", path, src_dir_fd=directory)
        finally:
            os.close(file)
    except (AttributeError, OSError):  # not Linux, no /proc, or a file system without such files
        path.write_bytes(content)
    finally:
        os.close(directory)
