"""Which file of a resolved package is vendored, and the line of the lock that names it."""

import posixpath
import re
from pathlib import Path, PurePosixPath

from bootstrapper.errors import InputError
from bootstrapper.ve.project.lockfile import SOURCE, LockedFile
from bootstrapper.ve.project.vendored_files import sha256_of
from bootstrapper.ve.standards.filename import InvalidFilename, Wheel, parse_filename
from bootstrapper.ve.standards.marker import Marker
from vendor_fetch.project.apps_in import apps_in
from vendor_fetch.project.target import Target
from vendor_fetch.resolve.resolver import Artifact, Package


def choose_artifact(package: Package, platform: Target, *, prefer: str) -> Artifact:
    """The wheel, or the tarball where `prefer` is "tarball" and the package is pure Python.

    A compiled package stays a wheel: a production server has no compiler. One without a wheel
    that fits comes as its tarball whatever is preferred.
    """
    wheel, tarball = next(iter(package.wheels), None), package.tarball
    pure = wheel is not None and wheel.filename.endswith("-none-any.whl")
    if tarball and (not wheel or (pure and prefer == "tarball")):
        return tarball
    if wheel:
        return wheel
    raise InputError(
        f"requirements/apps.in: {package.name}",
        f"{package.version} has neither a wheel for {platform} nor a tarball",
        "allow another version in requirements/apps.in, then run: python -m vendor_fetch sync",
    )


def locked_file(artifact: Artifact, platform: Target) -> LockedFile:
    """The lock's line for a file."""
    condition = marker_for(artifact.filename, platform)
    return LockedFile(
        path=SOURCE / artifact.filename,
        sha256=(artifact.sha256,),
        marker=Marker(condition) if condition else None,
    )


def locked_from_path(path: Path, project: Path, platform: Target) -> LockedFile:
    """The lock's line for a file that requirements/apps.in names by its path."""
    if path.parent != (project / SOURCE).resolve():
        raise InputError(
            "requirements/apps.in",
            f"{path} is outside {SOURCE}/",
            f"copy it there and name it ./{SOURCE}/{path.name}",
        )
    try:
        parse_filename(path.name)
    except InvalidFilename as error:
        raise InputError(
            "requirements/apps.in", str(error), "give the file the name that it was built with"
        ) from None
    return locked_file(
        Artifact(filename=path.name, url=path.as_uri(), sha256=sha256_of(path)), platform
    )


def files_by_path(project: Path, platform: Target) -> list[LockedFile]:
    """The lock's lines for the files that requirements/apps.in names by path for this platform."""
    paths = {
        (project / asked.path).resolve()
        for asked in apps_in(project)
        if asked.path and "://" not in asked.text and asked.applies(platform.environment)
    }
    return [locked_from_path(path, project, platform) for path in sorted(paths) if path.is_file()]


def files_for_other_targets(project: Path, platform: Target) -> list[LockedFile]:
    """The lock's lines for files that requirements/apps.in names for other platforms than this."""
    markers: dict[PurePosixPath, list[Marker]] = {}
    here = set()
    for asked in apps_in(project):
        path = asked.path and PurePosixPath(posixpath.normpath(asked.path))
        if path and path.parent == SOURCE and (project / path).is_file():
            if asked.marker is None or asked.applies(platform.environment):
                here.add(path)
            else:
                markers.setdefault(path, []).append(asked.marker)
    lines = []
    for path, found in markers.items():
        marker = found[0] if len(found) == 1 else Marker(" or ".join(f"({each})" for each in found))
        if path not in here:
            lines.append(LockedFile(path=path, sha256=(sha256_of(project / path),), marker=marker))
    return lines


def marker_for(filename: str, platform: Target) -> str:
    """The marker of a file, empty for one that fits everywhere.

    A wheel of one Python's ABI holds for that Python, one of the stable ABI from its Python on;
    a compiled one for the platform that it was chosen for. All that the C library has to do with
    it is in the wheel's tags.
    """
    return " and ".join([*python_marker(filename), *platform_marker(filename, platform)])


def python_marker(filename: str) -> list[str]:
    """The part of a file's marker that is about Python: one comparison, or none."""
    for tag in _tags(filename):
        python, abi, _ = tag.split("-")
        number = re.fullmatch(r"cp(\d)(\d+)", python)
        if number and abi != "none":
            operator = ">=" if abi == "abi3" else "=="
            return [f'python_version {operator} "{number[1]}.{number[2]}"']
    return []


def platform_marker(filename: str, platform: Target) -> list[str]:
    """The part of a file's marker that is about the machine: two comparisons, or none."""
    if all(tag.endswith("-any") for tag in _tags(filename)):
        return []
    return [
        f'sys_platform == "{platform.sys_platform}"',
        f'platform_machine == "{platform.machine}"',
    ]


def _tags(filename: str) -> tuple[str, ...]:
    distribution = parse_filename(filename)
    return distribution.tags if isinstance(distribution, Wheel) else ()
