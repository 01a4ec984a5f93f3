"""Whether the rebuild will take the vendored files of a lock, by the rebuild's own rule."""

from collections.abc import Iterable
from dataclasses import replace

from bootstrapper.errors import WorkFailed
from bootstrapper.ve.project.lockfile import LockedFile
from bootstrapper.ve.project.selection import select_files
from bootstrapper.ve.python.interpreter import Interpreter, current_interpreter
from bootstrapper.ve.python.tag import linux_platforms
from vendor_fetch.project.apps_in import apps_in
from vendor_fetch.project.project import APPS_IN, VendorProject
from vendor_fetch.project.target import SERVER_GLIBC, Target


def refuse_rejected_files(files: Iterable[LockedFile], project: VendorProject) -> None:
    """Raise WorkFailed if the rebuild for the project's Python would refuse one of the files.

    The files are in place.
    """
    try:
        select_files(
            list(files),
            _interpreter(project.platform),
            project=project.directory,
            wanted=[each.text for each in apps_in(project.directory)],
        )
    except WorkFailed as error:
        raise WorkFailed(
            str(APPS_IN),
            error.fault,
            f"put a wheel of it for {project.platform} in requirements/src/ and name that in "
            f"{APPS_IN}, or ask for another version, then run: python -m vendor_fetch sync",
        ) from None


def _interpreter(platform: Target) -> Interpreter:
    """The target's Python; of this machine, or of a server with the oldest C library we support."""
    here = current_interpreter()
    major, minor = map(int, platform.python.split("."))
    platforms = here.platforms
    if platform.sys_platform == "linux":
        platforms = tuple(
            dict.fromkeys((*platforms, *linux_platforms(platform.machine, glibc=SERVER_GLIBC)))
        )
    return replace(
        here,
        version=(major, minor),
        platforms=platforms,
        abiflags=here.abiflags if here.version == (major, minor) else "",
        environment=platform.environment,
    )
