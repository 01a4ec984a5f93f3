"""Write the locks, requirements/apps.txt and requirements/tools.txt, and read their headers."""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from bootstrapper.errors import InputError
from bootstrapper.ve.project.lockfile import APPS, SOURCE, TOOLS, LockedFile, read, render
from bootstrapper.ve.standards.filename import InvalidFilename, parse_filename
from vendor_fetch.atomic_file import write_file
from vendor_fetch.project.project import VendorProject
from vendor_fetch.project.target import Target

_CONTENT = {
    APPS: "The vendored files of the application",
    TOOLS: "The vendored files that bootstrap.py itself runs with",
}
_FINGERPRINT = re.compile(
    r"^# Written by vendor_fetch for the requirements ([0-9a-f]{16})\.", re.MULTILINE
)


def write_lock(
    lock: PurePosixPath,
    files: Iterable[LockedFile],
    project: VendorProject,
    requirements: Iterable[str],
) -> None:
    """Write a lock by one rename. A lock that has the same text already is not touched."""
    path = project.directory / lock
    content = lock_text(lock, files, project, requirements).encode()
    if not path.is_file() or path.read_bytes() != content:
        write_file(path, content)


def lock_text(
    lock: PurePosixPath,
    files: Iterable[LockedFile],
    project: VendorProject,
    requirements: Iterable[str],
) -> str:
    """Return the text of a lock: same files, same bytes.

    The lines are sorted by package. `requirements` are those that the lock satisfies.
    """
    # The same text on every machine: the command that wrote the lock must not be part of it.
    header = [
        _title(lock, project),
        f"Written by vendor_fetch for the requirements {fingerprint(requirements)}. To change it, edit",
        "    requirements/apps.in and run: make vendor",
    ]
    return render(sorted(files, key=lambda file: (file.distribution.name, file.path.name)), header)


def fingerprint(requirements: Iterable[str]) -> str:
    """Return a short hash of requirements that ignores their order and white space.

    A lock records it because its files alone do not say what was asked for: some tarballs say only
    when they are built what they depend on.
    """
    lines = sorted({"".join(each.split()) for each in requirements})
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def recorded_fingerprint(lock: PurePosixPath, project: VendorProject) -> str | None:
    """Return the fingerprint in a lock, or None if the lock was written without one."""
    found = _FINGERPRINT.search((project.directory / lock).read_text(encoding="utf-8"))
    return found[1] if found else None


def read_current(lock: PurePosixPath, project: VendorProject) -> list[LockedFile]:
    """Return the lines of a lock that was written for the project's target and format.

    The result is empty for another lock, and for one that is missing or has a wrong line: sync is
    about to write it again.
    """
    try:
        files = read(project.directory, lock)
        text = (project.directory / lock).read_text(encoding="utf-8")
    except InputError:
        return []
    return files if text.startswith(render([], [_title(lock, project)])) else []


def files_for_target(files: Iterable[LockedFile], target: Target) -> list[LockedFile]:
    """Return the locked files whose markers hold for the target."""
    environment = target.environment
    return [file for file in files if file.marker is None or file.marker.holds(environment)]


def vendored_names(project: Path) -> set[str]:
    """Return the names of the wheels and tarballs in requirements/src/."""
    directory = project / SOURCE
    if not directory.is_dir():
        return set()
    return {path.name for path in directory.iterdir() if _is_vendored(path)}


def _is_vendored(path: Path) -> bool:
    try:
        parse_filename(path.name)
    except InvalidFilename:
        return False
    return not path.is_dir()


def _title(lock: PurePosixPath, project: VendorProject) -> str:
    return f"{_CONTENT[lock]}, for {project.target}, as {project.format}s."
