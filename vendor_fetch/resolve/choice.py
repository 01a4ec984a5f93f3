"""Choose the file of a resolved package to vendor, and write the lock's line for it."""

import posixpath
import re
from pathlib import Path, PurePosixPath

from bootstrapper.errors import InputError
from bootstrapper.quoting import quoted
from bootstrapper.ve.project.lockfile import SOURCE, LockedFile
from bootstrapper.ve.project.vendored_files import sha256_of
from bootstrapper.ve.standards.filename import InvalidFilename, Wheel, parse_filename
from bootstrapper.ve.standards.marker import Marker
from vendor_fetch.program import edit_and_sync, sync_command
from vendor_fetch.project.apps_in import apps_in
from vendor_fetch.project.project import APPS_IN
from vendor_fetch.project.target import Target
from vendor_fetch.resolve.resolver import Artifact, Package


def choose_artifact(package: Package, target: Target, *, prefer: str) -> Artifact:
    """Return the wheel of a package, or its tarball if `prefer` is "tarball".

    A compiled package stays a wheel: a production server has no compiler. A package without a
    fitting wheel is vendored as a tarball in any case. Raise InputError if it has neither.
    """
    wheel, tarball = next(iter(package.wheels), None), package.tarball
    is_pure = wheel is not None and wheel.filename.endswith("-none-any.whl")
    if tarball and (not wheel or (is_pure and prefer == "tarball")):
        return tarball
    if wheel:
        return wheel
    raise InputError(
        f"{APPS_IN}: {package.name}",
        f"{package.version} has neither a wheel for {target} nor a tarball",
        edit_and_sync(APPS_IN, "allow another version"),
    )


def locked_file(artifact: Artifact, target: Target) -> LockedFile:
    """Return the lock's line for a file."""
    marker = marker_for(artifact.filename, target)
    return LockedFile(
        path=SOURCE / artifact.filename,
        sha256=(artifact.sha256,),
        marker=Marker(marker) if marker else None,
    )


def locked_from_path(path: Path, project: Path, target: Target) -> LockedFile:
    """Return the lock's line for a file that apps.in names by its path. Raise InputError."""
    if path.parent != (project / SOURCE).resolve():
        raise InputError(
            str(APPS_IN),
            f"{path} is outside {SOURCE}/",
            f"cp {quoted(str(path))} {SOURCE} && "
            + edit_and_sync(APPS_IN, f"name it {quoted(f'./{SOURCE}/{path.name}')}"),
        )
    try:
        parse_filename(path.name)
    except InvalidFilename as error:
        raise InputError(
            str(APPS_IN),
            str(error),
            f"ls {SOURCE}  # give the file the name that it was built with, then: {sync_command()}",
        ) from None
    artifact = Artifact(filename=path.name, url=path.as_uri(), sha256=sha256_of(path))
    return locked_file(artifact, target)


def files_by_path(project: Path, target: Target) -> list[LockedFile]:
    """Return the lines for the existing files that apps.in names by path for this target."""
    paths = {
        (project / requirement.path).resolve()
        for requirement in apps_in(project)
        if requirement.path
        and "://" not in requirement.text
        and requirement.applies(target.environment)
    }
    return [locked_from_path(path, project, target) for path in sorted(paths) if path.is_file()]


def files_for_other_targets(project: Path, target: Target) -> list[LockedFile]:
    """Return the lines for the files that apps.in names by path, but not for this target."""
    markers: dict[PurePosixPath, list[Marker]] = {}
    of_this_target = set()
    for requirement in apps_in(project):
        path = requirement.path and PurePosixPath(posixpath.normpath(requirement.path))
        if path and path.parent == SOURCE and (project / path).is_file():
            if requirement.marker is None or requirement.applies(target.environment):
                of_this_target.add(path)
            else:
                markers.setdefault(path, []).append(requirement.marker)
    return [
        LockedFile(path=path, sha256=(sha256_of(project / path),), marker=_any_of(markers[path]))
        for path in markers
        if path not in of_this_target
    ]


def _any_of(markers: list[Marker]) -> Marker:
    if len(markers) == 1:
        return markers[0]
    return Marker(" or ".join(f"({marker})" for marker in markers))


def marker_for(filename: str, target: Target) -> str:
    """Return the marker of a file; it is empty for a file that fits everywhere.

    A wheel of one Python's ABI fits that Python; one of the stable ABI fits its Python and later
    ones. A compiled wheel fits the platform that it was chosen for. The C library is not part of
    the marker: the wheel's tags say which one it needs.
    """
    return " and ".join([*python_marker(filename), *platform_marker(filename, target)])


def python_marker(filename: str) -> list[str]:
    """Return the comparison of a file's marker with the Python version, or nothing."""
    for tag in _tags(filename):
        python, abi, _ = tag.split("-")
        number = re.fullmatch(r"cp(\d)(\d+)", python)
        if number and abi != "none":
            operator = ">=" if abi == "abi3" else "=="
            return [f'python_version {operator} "{number[1]}.{number[2]}"']
    return []


def platform_marker(filename: str, target: Target) -> list[str]:
    """Return the two comparisons of a file's marker with the platform, or nothing."""
    if all(tag.endswith("-any") for tag in _tags(filename)):
        return []
    return [
        f'sys_platform == "{target.sys_platform}"',
        f'platform_machine == "{target.machine}"',
    ]


def _tags(filename: str) -> tuple[str, ...]:
    distribution = parse_filename(filename)
    return distribution.tags if isinstance(distribution, Wheel) else ()
