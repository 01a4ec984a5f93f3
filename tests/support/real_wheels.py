"""The real wheels of wheels.txt, fetched as vendor_fetch does: from the user's cache first."""

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from bootstrapper.progress import Progress
from bootstrapper.ve import lockfile
from bootstrapper.ve.filename import Wheel
from bootstrapper.ve.interpreter import running
from bootstrapper.ve.lockfile import LockedFile
from vendor_fetch.cache import Cache, place
from vendor_fetch.fetch import fetch
from vendor_fetch.index import configured
from vendor_fetch.platforms import here


def real_wheels() -> list[LockedFile]:
    """Those that fit the running Python, which are most of them."""
    files = lockfile.read(Path(__file__).parents[1] / "parity", PurePosixPath("wheels.txt"))
    return [file for file in files if isinstance(file.distribution, Wheel)
            and not running().tags.keys().isdisjoint(file.distribution.tags)]


def fetch_into(project: Path, files: Iterable[LockedFile]) -> None:
    """Bring some of them into a project's requirements/src/."""
    fetch(files, project=project, platform=here(), cache=Cache(place()),
          index=configured(project), progress=Progress(verbosity=-1))
