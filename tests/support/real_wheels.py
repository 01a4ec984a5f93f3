"""The real wheels of wheels.txt, fetched as vendor_fetch does: from the user's cache first."""

import platform
import sys
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from bootstrapper.progress import Progress
from bootstrapper.ve.project import lockfile
from bootstrapper.ve.project.lockfile import LockedFile
from bootstrapper.ve.python.interpreter import current_interpreter
from bootstrapper.ve.standards.filename import Wheel
from vendor_fetch.download.cache import Cache, cache_directory
from vendor_fetch.download.fetch import fetch
from vendor_fetch.index.index import configured_index
from vendor_fetch.project.project import VendorProject
from vendor_fetch.project.target import Target


def real_wheels() -> list[LockedFile]:
    """Those that fit the running Python, which are most of them."""
    files = lockfile.read(Path(__file__).parents[1] / "parity", PurePosixPath("wheels.txt"))
    return [
        file
        for file in files
        if isinstance(file.distribution, Wheel)
        and not current_interpreter().tags.keys().isdisjoint(file.distribution.tags)
    ]


def fetch_into(project: Path, files: Iterable[LockedFile]) -> None:
    """Bring some of them into a project's requirements/src/."""
    fetch(
        files,
        project=VendorProject(directory=project, targets=(this_target(),)),
        cache=Cache(cache_directory()),
        index=configured_index(project),
        progress=Progress(verbosity=-1),
    )


def this_target() -> Target:
    """Return this machine's Python and platform as a target."""
    return Target(
        python=f"{sys.version_info.major}.{sys.version_info.minor}",
        platform=f"linux-{platform.machine()}",
    )
