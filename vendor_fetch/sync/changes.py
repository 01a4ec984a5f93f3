"""What a command changes among the vendored packages."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePosixPath

from bootstrapper.ve.project.lockfile import SOURCE, LockedFile
from bootstrapper.ve.standards.filename import parse_filename
from bootstrapper.ve.standards.version import InvalidVersion, Version
from vendor_fetch.graph.chains import Chains
from vendor_fetch.project.locks import vendored_names
from vendor_fetch.project.project import VendorProject
from vendor_fetch.resolve.resolver import Artifact

# The size in bytes of each file in requirements/src/.
Sizes = Mapping[PurePosixPath, int]


@dataclass(frozen=True, kw_only=True)
class Change:
    """A package that was added, removed, or has other files than before.

    `old` and `new` are its versions: several if targets need different ones, none before an addition
    and after a removal. `files` are the files of the new versions, and `added` those of them that
    were not there before. `size` is that of all files in bytes; of a removed package, it is the
    freed size as a negative number. `uploaded` is the time when the index got the youngest new file.
    `why` is the line of apps.in or the packages that ask for it, or "tools".
    `passes_cooldown` says that a security upgrade took a version that is too young otherwise.
    """

    name: str
    old: tuple[str, ...]
    new: tuple[str, ...]
    size: int
    files: tuple[PurePosixPath, ...] = ()
    added: tuple[PurePosixPath, ...] = ()
    uploaded: datetime | None = None
    publisher: str = ""
    why: str = ""
    passes_cooldown: bool = False


def sizes(project: VendorProject) -> dict[PurePosixPath, int]:
    """Return the sizes of the vendored files."""
    return {
        SOURCE / name: (project.source / name).stat().st_size
        for name in vendored_names(project.vendored)
    }


def changes(before: Sizes, after: Sizes) -> list[Change]:
    """Return the changes between two sets of files, sorted by package."""
    old, new = _by_package(before), _by_package(after)
    return [
        Change(
            name=name,
            old=_versions(old.get(name, ())),
            new=_versions(new.get(name, ())),
            size=sum(after[path] for path in new.get(name, ()))
            or -sum(before[path] for path in old[name]),
            files=tuple(new.get(name, ())),
            added=tuple(path for path in new.get(name, ()) if path not in before),
        )
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    ]


def explained(
    found: Iterable[Change],
    project: VendorProject,
    apps: Iterable[LockedFile],
    known: Mapping[PurePosixPath, Artifact],
) -> Iterator[Change]:
    """Yield the changes with the reason and the upload time of each.

    `apps` are the new lines of apps.txt, whose files are in place. `known` are the artifacts that a
    resolver has found.
    """
    apps = list(apps)
    chains = Chains(project, apps, lenient=True)
    names = {file.distribution.name for file in apps}
    for each in found:
        times = [known[path].uploaded for path in each.added if path in known]
        uploaded = max((time for time in times if time), default=None)
        why = _reason(each, chains) if each.name in names else "tools" if each.new else ""
        yield replace(each, uploaded=uploaded, why=why)


def _reason(change: Change, chains: Chains) -> str:
    nodes = [(change.name, version) for version in change.new]
    if places := [chains.roots[node] for node in nodes if node in chains.roots]:
        return places[0]
    return ", ".join(
        sorted({asking[0] for asking, needed in chains.edges.items() if needed & {*nodes}})
    )


def _by_package(files: Iterable[PurePosixPath]) -> dict[str, list[PurePosixPath]]:
    packages: dict[str, list[PurePosixPath]] = {}
    for path in sorted(files):
        packages.setdefault(parse_filename(path.name).name, []).append(path)
    return packages


def _versions(files: Iterable[PurePosixPath]) -> tuple[str, ...]:
    return tuple(sorted({parse_filename(path.name).version for path in files}, key=_order))


def _order(version: str) -> tuple[bool, Version, str]:
    try:
        return True, Version(version), version
    except InvalidVersion:  # 2004d
        return False, Version("0"), version
