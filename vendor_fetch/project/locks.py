"""Write the locks, requirements/apps.txt and requirements/tools.txt, and read their records."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from bootstrapper.errors import InputError
from bootstrapper.ve.project.lockfile import (
    APPS,
    BUILDS_WITH,
    REQUIRES,
    SEPARATOR,
    SOURCE,
    TOOLS,
    LockedFile,
    read,
    read_records,
    render,
)
from bootstrapper.ve.standards.filename import InvalidFilename, parse_filename
from bootstrapper.ve.standards.requirement import InvalidRequirement, parse_metadata_requirement
from vendor_fetch.atomic_file import write_file
from vendor_fetch.project.origins import Origins, origin_line, read_origins
from vendor_fetch.project.project import VendorProject
from vendor_fetch.project.target import Target

_CONTENT = {
    APPS: "The vendored files of the application",
    TOOLS: "The vendored files that bootstrap.py itself runs with",
}
# The start of a lock's line. Both sides of a merge conflict have such lines.
_LOCKED_NAME = re.compile(rf"^\s*(?:\./)?{re.escape(str(SOURCE))}/([^\s/;]+)", re.MULTILINE)
# Locks of version 0.1 have the target before the format.
_FORMAT = re.compile(r"^# .*, as (\w+)s(?:, for|\.)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class TarballRecord:
    """What the build backend of a tarball has answered.

    `build_requires` are the requirements of a build: those that the tarball declares, those that
    its backend has asked for (PEP 517, `get_requires_for_build_wheel`), and those that a trial has
    missed. `requires` are the dependencies of its wheel; None if the tarball's own metadata lists
    them (PEP 643).
    """

    build_requires: tuple[str, ...]
    requires: tuple[str, ...] | None = None


Records = Mapping[str, TarballRecord]  # by the name of the file


@dataclass(frozen=True, kw_only=True)
class Lock:
    """The lines of a lock, its records and origins. `format` is "wheel" or "tarball"."""

    files: tuple[LockedFile, ...] = ()
    records: Records = field(default_factory=dict)
    origins: Origins = field(default_factory=dict)
    format: str = ""


def write_lock(lock: PurePosixPath, content: Lock, project: VendorProject) -> None:
    """Write a lock by one rename. A lock that has the same text already is not touched."""
    path = project.vendored / lock
    # The same text on every machine: the command that wrote the lock must not be part of it.
    header = [
        f"{_CONTENT[lock]}, as {project.format}s, for",
        *(f"    {target.description}" for target in project.targets),
        "Written by vendor_fetch. To change it, edit requirements/apps.in and run: make vendor",
    ]
    text = render_lock(content.files, content.records, header, content.origins).encode()
    if not path.is_file() or path.read_bytes() != text:
        write_file(path, text)


def render_lock(
    files: Iterable[LockedFile],
    records: Records,
    header: Iterable[str],
    origins: Origins = MappingProxyType({}),
) -> str:
    """Return the text of a lock: same files, same bytes. The lines are sorted by package.

    `records` and `origins` may have more files than there are.
    """
    files = sorted(files, key=lambda file: (file.distribution.name, file.path.name))
    return render(files, header) + _record_lines(files, records, origins)


def _record_lines(files: Iterable[LockedFile], records: Records, origins: Origins) -> str:
    """Return the comments that record where files come from, and what tarballs need."""
    lines = []
    for file in files:
        if origin := origins.get(file.path.name):
            lines.append(origin_line(file.path.name, origin))
        if record := records.get(file.path.name):
            parts = [(BUILDS_WITH, record.build_requires), (REQUIRES, record.requires)]
            lines += [
                f"# {file.path.name} {kind}: {SEPARATOR.join(texts)}".rstrip() + "\n"
                for kind, texts in parts
                if texts is not None
            ]
    return "".join(lines)


def tarball_records(directory: Path, lock: PurePosixPath) -> dict[str, TarballRecord]:
    """Return the records in a lock that can be read."""
    records: dict[str, TarballRecord] = {}
    for file, kinds in read_records(directory, lock).items():
        readable = {
            kind: texts for kind, texts in kinds.items() if all(map(_is_requirement, texts))
        }
        if BUILDS_WITH in readable:
            records[file] = TarballRecord(
                build_requires=readable[BUILDS_WITH], requires=readable.get(REQUIRES)
            )
    return records


def _is_requirement(text: str) -> bool:
    try:
        parse_metadata_requirement(text)
    except InvalidRequirement:
        return False
    return True


def read_lock(directory: Path, lock: PurePosixPath) -> Lock:
    """Return a lock as it is.

    The result is empty for a lock that is missing or has a wrong line: sync is about to write it
    again.
    """
    try:
        files = read(directory, lock)
    except InputError:
        return Lock()
    match = _FORMAT.search(_text(directory / lock))
    return Lock(
        files=tuple(files),
        records=tarball_records(directory, lock),
        origins=read_origins(directory) if lock == APPS else {},
        format=match[1] if match else "",
    )


def files_for_target(files: Iterable[LockedFile], target: Target) -> list[LockedFile]:
    """Return the locked files whose markers hold for the target."""
    environment = target.environment
    return [file for file in files if file.marker is None or file.marker.holds(environment)]


def locked_names(project: Path) -> set[str]:
    """Return the file names in both locks, even in a damaged lock."""
    return {
        name
        for lock in (APPS, TOOLS)
        for name in _LOCKED_NAME.findall(_text(project / lock))
        if PurePosixPath(name).name == name
    }


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


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
