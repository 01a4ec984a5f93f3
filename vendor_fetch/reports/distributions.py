"""The vendored distributions: the union of the locks, one entry for each package and version."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bootstrapper.errors import InputError, WorkFailed
from bootstrapper.ve.project.lockfile import APPS, TOOLS, LockedFile, read
from bootstrapper.ve.project.vendored_files import file_difference
from vendor_fetch.program import edit_and_sync, sync_command
from vendor_fetch.project.project import APPS_IN


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """A package in one version, and its vendored files, of which each target takes one.

    `name` is canonical (PEP 503).
    """

    name: str
    version: str
    files: tuple[LockedFile, ...]


def locked_files(project: Path, *, tools: bool) -> list[LockedFile]:
    """Return the lines of apps.txt, and with `tools` those of tools.txt.

    Raise InputError for a faulty lock, and WorkFailed if a vendored file differs from its line: a
    report on it would be false.
    """
    files = [file for lock in ((APPS, TOOLS) if tools else (APPS,)) for file in read(project, lock)]
    for file in files:
        if not file.path.name.isprintable():
            raise InputError(
                file.place,
                f"{file.path.name!a} has characters that can't be printed",
                edit_and_sync(APPS_IN, "ask for another version of it"),
            )
    damaged = [difference for file in files if (difference := file_difference(project, file))]
    if len(damaged) == 1:
        raise damaged[0]
    if damaged:
        raise WorkFailed.listing(
            "requirements/src",
            f"{len(damaged)} vendored files differ from the lock",
            sync_command(),
            damaged,
        )
    return files


def vendored_packages(project: Path) -> set[str]:
    """Return the names of all packages of apps.txt, and of tools.txt if there is one."""
    locks = [lock for lock in (APPS, TOOLS) if (project / lock).is_file()]
    return {file.distribution.name for lock in locks for file in read(project, lock)}


def distributions(files: Iterable[LockedFile]) -> list[Distribution]:
    """Return the distributions of locked files, sorted by name and version.

    A file that both locks name counts once, with its first line.
    """
    found: dict[tuple[str, str], dict[str, LockedFile]] = {}
    for file in files:
        parts = file.distribution
        found.setdefault((parts.name, parts.version), {}).setdefault(file.path.name, file)
    return [
        Distribution(
            name=name, version=version, files=tuple(sorted(each.values(), key=lambda f: f.path))
        )
        for (name, version), each in sorted(found.items())
    ]
