"""Write the lines of a lock for one package."""

from collections.abc import Mapping
from pathlib import PurePosixPath

from bootstrapper.ve.project.lockfile import SOURCE, LockedFile
from vendor_fetch.project.project import VendorProject
from vendor_fetch.project.target import Target
from vendor_fetch.resolve.choice import choose_files, locked_from_path
from vendor_fetch.resolve.markers import marker_or_none
from vendor_fetch.resolve.resolver import Package


def package_lines(
    project: VendorProject,
    packages: Mapping[Target, Package],
    locked: Mapping[Target, LockedFile | None],
    prefer: str,
) -> list[LockedFile]:
    """Return the lines for one package: the locked file of a target, or a chosen one.

    `prefer` is "wheel" or "tarball".
    """
    takers: dict[tuple[PurePosixPath, tuple[str, ...]], list[Target]] = {}
    chosen: dict[str, dict[Target, Package]] = {}
    for target, package in packages.items():
        file = locked.get(target)
        if package.path:
            file = locked_from_path(package.path, project, [target])
        elif not file or file.distribution.version != package.version:
            chosen.setdefault(package.version, {})[target] = package
            continue
        # The index may have more files for the version by now; the locked one is good.
        takers.setdefault((file.path, file.sha256), []).append(target)
    for same_version in chosen.values():
        for choice in choose_files(same_version, prefer=prefer):
            key = SOURCE / choice.artifact.filename, (choice.artifact.sha256,)
            takers.setdefault(key, []).extend(choice.takers)
    return [
        LockedFile(
            path=path,
            sha256=hashes,
            marker=marker_or_none(path.name, taking, project.targets),
        )
        for (path, hashes), taking in takers.items()
    ]
