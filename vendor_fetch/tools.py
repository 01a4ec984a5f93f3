"""What bootstrap.py itself runs with: virtualenv and pip, and what builds the tarballs."""

from collections.abc import Iterable

from bootstrapper.ve.filename import Tarball
from bootstrapper.ve.lockfile import LockedFile
from bootstrapper.ve.tarball import with_project
from vendor_fetch.metadata import build_requirements
from vendor_fetch.project import Project

ALWAYS = ("pip", "virtualenv")


def required(files: Iterable[LockedFile], project: Project) -> list[str]:
    """The requirements of the tools, for the application's files, which are in place."""
    asked = {*ALWAYS, *project.build_requires}
    for file in files:
        if isinstance(file.distribution, Tarball):
            own = build_requirements(project.directory / file.path)
            asked.update(with_project(own, project.build_requires))
    return sorted(asked)
