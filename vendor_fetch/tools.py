"""What bootstrap.py itself runs with: virtualenv and pip, and what builds the tarballs."""

from collections.abc import Iterable
from pathlib import Path

from bootstrapper.ve.filename import Tarball
from bootstrapper.ve.lockfile import LockedFile
from vendor_fetch.metadata import build_requirements

ALWAYS = ("pip", "virtualenv")


def required(files: Iterable[LockedFile], project: Path) -> list[str]:
    """The requirements of the tools, for the application's files, which are in place."""
    asked = set(ALWAYS)
    for file in files:
        if isinstance(file.distribution, Tarball):
            asked.update(build_requirements(project / file.path))
    return sorted(asked)
