"""What changed among the vendored files, as a table."""

from collections.abc import Mapping
from pathlib import PurePosixPath

from bootstrapper.ve.standards.filename import InvalidFilename, parse_filename

Files = Mapping[PurePosixPath, int]


def summary_lines(before: Files, after: Files) -> list[str]:
    """Lines that say what was added, changed and removed between two states of requirements/src/.

    A state is the size in bytes of each file, by its path.
    """
    rows: list[tuple[str, str, str, int]] = []
    gone, come = _packages(before, after), _packages(after, before)
    for name in sorted(gone.keys() | come.keys()):
        was, now = gone.get(name), come.get(name)
        if was and now:
            rows.append(("changed", name, f"{was[0]} -> {now[0]}", now[1]))
        elif now:
            rows.append(("added", name, now[0], now[1]))
        elif was:
            rows.append(("removed", name, was[0], -was[1]))
    wide = max((len(name) for _, name, _, _ in rows), default=0)
    long = max((len(version) for _, _, version, _ in rows), default=0)
    lines = [
        f"{kind:<7}  {name:<{wide}}  {version:<{long}}  {size / 1e6:7.2f} MB"
        for kind, name, version, size in rows
    ]
    total = sum(after.values()) / 1e6
    return [*lines, f"{len(after)} files, {total:.1f} MB in requirements/src/"]


def _packages(these: Files, those: Files) -> dict[str, tuple[str, int]]:
    """Version and bytes by package, of the files that are in `these` only."""
    packages: dict[str, tuple[str, int]] = {}
    for path, size in sorted(these.items()):
        if path in those:
            continue
        try:
            distribution = parse_filename(path.name)
            name, version = distribution.name, distribution.version
        except InvalidFilename:
            name, version = path.name, ""
        if path.name.endswith(".whl"):
            packages[name] = version, size
        else:
            packages[f"{name} (tarball)"] = version, size
    return packages
