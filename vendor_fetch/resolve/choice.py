"""Choose the files of resolved packages to vendor, and write the lock's lines for them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from bootstrapper.errors import InputError, WorkFailed
from bootstrapper.ve.project.lockfile import SOURCE, LockedFile
from bootstrapper.ve.project.vendored_files import sha256_of
from bootstrapper.ve.standards.filename import InvalidFilename, Wheel, parse_filename
from bootstrapper.ve.standards.marker import Marker
from vendor_fetch.program import edit_and_sync, sync_command
from vendor_fetch.project.apps_in import apps_in
from vendor_fetch.project.project import APPS_IN, VendorProject
from vendor_fetch.project.target import Target
from vendor_fetch.resolve.floor import floor_needed, floor_setting
from vendor_fetch.resolve.markers import marker_or_none
from vendor_fetch.resolve.resolver import Artifact, Package


@dataclass(frozen=True)
class Choice:
    """A file, and the targets that take it."""

    artifact: Artifact
    takers: tuple[Target, ...]


def choose_files(packages: Mapping[Target, Package], *, prefer: str) -> list[Choice]:
    """Return the files for a version of a package, which the keys need: one file for each target.

    A target gets its best wheel. With `prefer` "tarball", the tarball is taken if no target needs a
    compiled wheel, because a production server has no compiler. A target without a fitting wheel
    gets the tarball in any case. Raise InputError if there is neither.
    """
    wheels = {target: _best_wheel(package, target) for target, package in packages.items()}
    all_pure = all(wheel and wheel.filename.endswith("-none-any.whl") for wheel in wheels.values())
    takers: dict[Artifact, list[Target]] = {}
    for target, package in packages.items():
        tarball = package.tarball
        chosen = tarball if tarball and prefer == "tarball" and all_pure else wheels[target]
        chosen = chosen or tarball
        if not chosen:
            raise _no_file(package, target)
        takers.setdefault(chosen, []).append(target)
    return [Choice(artifact, tuple(taking)) for artifact, taking in takers.items()]


def with_hashes(
    packages: Mapping[Target, Package], hashes: Collection[str]
) -> dict[Target, Package]:
    """Return the packages with the files that apps.in allows. Raise WorkFailed if one has none."""
    allowed = {}
    for target, package in packages.items():
        wheels = tuple(wheel for wheel in package.wheels if wheel.sha256 in hashes)
        tarball = package.tarball if package.tarball and package.tarball.sha256 in hashes else None
        if not package.path and not wheels and not tarball:
            raise WorkFailed(
                f"{APPS_IN}: {package.name}",
                f"no file of {package.version} for {target.description} has a hash of its lines",
                edit_and_sync(APPS_IN, "correct the hashes, or delete them: the lock has its own"),
            )
        allowed[target] = replace(package, wheels=wheels, tarball=tarball)
    return allowed


def _no_file(package: Package, target: Target) -> InputError:
    """Return the error that a target can take no file; it names the floor that would help."""
    where = f"{APPS_IN}: {package.name}"
    fault = f"{package.version} has neither a wheel for {target.description} nor a tarball"
    floor = floor_needed((wheel.filename for wheel in package.wheels), target)
    if floor is None:
        return InputError(where, fault, edit_and_sync(APPS_IN, "allow another version"))
    setting = floor_setting(target, floor)
    entry = f'{{ python = "{target.python}", platform = "{target.platform}", {setting} }}'
    return InputError(
        where,
        f"{fault}; its wheel for the oldest system needs {setting}",
        edit_and_sync(
            "pyproject.toml",
            f"if no older system has to run it: {entry} in targets; or allow another version in "
            f"{APPS_IN}",
        ),
    )


def _best_wheel(package: Package, target: Target) -> Artifact | None:
    """Return the wheel with the best tags for a target; None if no wheel fits."""
    ranked = []
    for wheel in package.wheels:
        distribution = parse_filename(wheel.filename)
        if isinstance(distribution, Wheel):
            ranks = [target.interpreter.tags.get(tag) for tag in distribution.tags]
            fitting = [rank for rank in ranks if rank is not None]
            if fitting:
                number, rest = distribution.build
                ranked.append(((min(fitting), -number, rest), wheel))
    return min(ranked, key=lambda each: each[0])[1] if ranked else None


def locked_from_path(path: Path, project: VendorProject, takers: Collection[Target]) -> LockedFile:
    """Return the lock's line for a vendored file that apps.in names by its path. Raise InputError."""
    try:
        parse_filename(path.name)
    except InvalidFilename as error:
        raise InputError(
            str(APPS_IN),
            str(error),
            f"ls {SOURCE}  # give the file the name that it was built with, then: {sync_command()}",
        ) from None
    return LockedFile(
        path=SOURCE / path.name,
        sha256=(sha256_of(path),),
        marker=marker_or_none(path.name, takers, project.targets),
    )


def files_by_path(project: VendorProject) -> list[LockedFile]:
    """Return the lines for the existing files that apps.in names by path for a target."""
    takers: dict[Path, list[Target]] = {}
    for requirement in apps_in(project.vendored):
        if requirement.path:
            path = vendored_file(project, requirement.path)
            taking = [each for each in project.targets if requirement.applies(each.environment)]
            if taking and path.is_file():
                takers.setdefault(path, []).extend(taking)
    return [locked_from_path(path, project, takers[path]) for path in sorted(takers)]


def vendored_file(project: VendorProject, path: PurePosixPath) -> Path:
    """Return where a vendored file is now: beside, while a command changes the files."""
    beside = project.source / path.name
    return beside if beside.is_file() else project.directory / path


def files_for_other_targets(project: VendorProject) -> list[LockedFile]:
    """Return the lines for the files that apps.in names by path, but for none of the targets."""
    markers: dict[PurePosixPath, list[Marker]] = {}
    taken = set()
    for requirement in apps_in(project.vendored):
        path = requirement.path and SOURCE / requirement.path.name
        if path and vendored_file(project, path).is_file():
            if requirement.marker is None or any(
                requirement.applies(target.environment) for target in project.targets
            ):
                taken.add(path)
            else:
                markers.setdefault(path, []).append(requirement.marker)
    return [
        LockedFile(
            path=path,
            sha256=(sha256_of(vendored_file(project, path)),),
            marker=_any_of(markers[path]),
        )
        for path in markers
        if path not in taken
    ]


def _any_of(markers: list[Marker]) -> Marker:
    if len(markers) == 1:
        return markers[0]
    return Marker(" or ".join(f"({marker})" for marker in markers))
