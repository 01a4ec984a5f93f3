"""Summarize what a sync changed among the vendored files."""

from collections.abc import Mapping
from pathlib import PurePosixPath

from bootstrapper.ve.standards.filename import InvalidFilename, parse_filename

# The size in bytes of each file in requirements/src/.
Sizes = Mapping[PurePosixPath, int]


def summary_lines(before: Sizes, after: Sizes) -> list[str]:
    """Return a table of the added, changed and removed packages, and the total in its last line."""
    rows: list[tuple[str, str, str, int]] = []
    removed, added = _packages(before, after), _packages(after, before)
    for name in sorted(removed.keys() | added.keys()):
        old, new = removed.get(name), added.get(name)
        if old and new:
            rows.append(("changed", name, f"{old[0]} -> {new[0]}", new[1]))
        elif new:
            rows.append(("added", name, new[0], new[1]))
        elif old:
            rows.append(("removed", name, old[0], -old[1]))
    name_width = max((len(name) for _, name, _, _ in rows), default=0)
    version_width = max((len(version) for _, _, version, _ in rows), default=0)
    lines = [
        f"{kind:<7}  {name:<{name_width}}  {version:<{version_width}}  {size / 1e6:7.2f} MB"
        for kind, name, version, size in rows
    ]
    total = sum(after.values()) / 1e6
    return [*lines, f"{len(after)} files, {total:.1f} MB in requirements/src/"]


def _packages(sizes: Sizes, others: Sizes) -> dict[str, tuple[str, int]]:
    """Return version and size by package, for the files that only `sizes` has."""
    packages: dict[str, tuple[str, int]] = {}
    for path, size in sorted(sizes.items()):
        if path in others:
            continue
        try:
            distribution = parse_filename(path.name)
            name, version = distribution.name, distribution.version
        except InvalidFilename:
            name, version = path.name, ""
        key = name if path.name.endswith(".whl") else f"{name} (tarball)"
        packages[key] = version, size
    return packages
