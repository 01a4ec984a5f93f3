"""Writes the locks, and tells what they were written for."""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from bootstrapper.errors import InputError
from bootstrapper.ve.project.lockfile import APPS, SOURCE, TOOLS, LockedFile, read, render
from bootstrapper.ve.standards.filename import InvalidFilename, parse_filename
from vendor_fetch.atomic_file import atomic_file
from vendor_fetch.project.project import VendorProject

_CONTENT = {
    APPS: "The vendored files of the application",
    TOOLS: "The vendored files that bootstrap.py itself runs with",
}
_MADE_FOR = re.compile(
    r"^# Written by vendor_fetch for the requirements ([0-9a-f]{16})\.", re.MULTILINE
)


def lock_text(
    lock: PurePosixPath, files: Iterable[LockedFile], project: VendorProject, asked: Iterable[str]
) -> str:
    """The whole text of a lock: sorted by the packages' names; same files, same bytes.

    `asked` are the requirements that the lock is made for.
    """
    header = [
        _title(lock, project),
        f"Written by vendor_fetch for the requirements {fingerprint(asked)}. To change it, edit",
        "    requirements/apps.in and run: python -m vendor_fetch sync",
    ]
    return render(sorted(files, key=lambda file: (file.distribution.name, file.path.name)), header)


def fingerprint(asked: Iterable[str]) -> str:
    """A short hash of requirements, of their text without order and white space.

    A lock holds it because the files alone do not tell what was asked for: a tarball may say only
    when it is built what it depends on.
    """
    lines = sorted({"".join(each.split()) for each in asked})
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def recorded_fingerprint(lock: PurePosixPath, project: VendorProject) -> str | None:
    """The fingerprint that a lock holds; None for a lock that was written without one."""
    found = _MADE_FOR.search((project.directory / lock).read_text(encoding="utf-8"))
    return found[1] if found else None


def write_lock(
    lock: PurePosixPath, files: Iterable[LockedFile], project: VendorProject, asked: Iterable[str]
) -> None:
    """Write a lock by one rename; one that says the same already is not touched."""
    path = project.directory / lock
    content = lock_text(lock, files, project, asked).encode()
    if path.is_file() and path.read_bytes() == content:
        return
    with atomic_file(path.parent) as file:
        file.write(content)
        file.settle(path)


def read_current(lock: PurePosixPath, project: VendorProject) -> list[LockedFile]:
    """The lines of a lock that was written for this Python, platform and format; else none.

    A lock that is missing or has a bad line counts as none: it is about to be written anew.
    """
    try:
        files = read(project.directory, lock)
        head = (project.directory / lock).read_text(encoding="utf-8")
    except InputError:
        return []
    return files if head.startswith(render([], [_title(lock, project)])) else []


def vendored_names(project: Path) -> set[str]:
    """The names of the wheels and tarballs in requirements/src/, by the rebuild's rule."""
    directory = project / SOURCE
    return (
        {path.name for path in directory.iterdir() if _is_vendored(path)}
        if directory.is_dir()
        else set()
    )


def _is_vendored(path: Path) -> bool:
    try:
        parse_filename(path.name)
    except InvalidFilename:
        return False
    return not path.is_dir()


def _title(lock: PurePosixPath, project: VendorProject) -> str:
    return f"{_CONTENT[lock]}, for {project.platform}, as {project.format}s."
