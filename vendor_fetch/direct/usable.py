"""Refuse files that apps.in names and that a rebuild would refuse."""

from pathlib import Path

from bootstrapper.errors import WorkFailed
from bootstrapper.ve.project.lockfile import SOURCE
from bootstrapper.ve.project.project import largest_wheel
from bootstrapper.ve.standards.filename import parse_filename
from bootstrapper.ve.standards.version import same_version
from bootstrapper.ve.wheel.wheel import WheelFile
from vendor_fetch.graph.check import refuse_rejected_files
from vendor_fetch.graph.metadata import name_and_version
from vendor_fetch.program import sync_command
from vendor_fetch.project.project import VendorProject
from vendor_fetch.resolve.choice import files_by_path, vendored_file


def refuse_unusable_files(project: VendorProject) -> None:
    """Raise WorkFailed if a rebuild would refuse a file that apps.in names by its path."""
    files = files_by_path(project)
    refuse_rejected_files(files, project)
    for file in files:
        refuse_unusable(vendored_file(project, file.path), str(file.path), project)


def refuse_unusable(path: Path, place: str, project: VendorProject) -> None:
    """Raise WorkFailed for a file that apps.in names, and that a rebuild would refuse."""
    if path.suffix == ".whl":
        with WheelFile(path, place, largest=largest_wheel(project.directory)) as wheel:
            wheel.verify()
        return
    tarball = parse_filename(path.name)
    name, version = name_and_version(path, place)
    if name and (name != tarball.name or not same_version(version, tarball.version)):
        raise WorkFailed(
            place,
            f"its PKG-INFO has {name} {version}",
            f"ls {SOURCE}  # give the file the name that it was built with, then: {sync_command()}",
        )
