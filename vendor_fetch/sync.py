"""Makes requirements/src/ and the locks agree with requirements/apps.in.

Files are fetched first, then the locks are written, each by one rename, and what no lock names
any more is removed last; so whatever interrupts it, the project still bootstraps.
"""

from pathlib import PurePosixPath

from bootstrapper.progress import Progress
from bootstrapper.ve.lockfile import APPS, SOURCE, TOOLS
from bootstrapper.ve.turn import turn
from vendor_fetch import lock, tools
from vendor_fetch.cache import Cache
from vendor_fetch.check import differences
from vendor_fetch.index import Index
from vendor_fetch.locking import Locking
from vendor_fetch.project import Project
from vendor_fetch.summary import summary


def sync(project: Project, cache: Cache, index: Index, progress: Progress) -> int:
    """Bring a project's files up to what requirements/apps.in asks for.

    Versions that are locked stay as long as apps.in allows them. Without a network it works as
    long as the vendored files satisfy apps.in. Exit status: 0.
    """
    # Two runs would remove each other's files, and a rebuild's. Older versions, and pushes in
    # place, hold the project's directory.
    with turn(project.directory), turn(project.directory / APPS.parent):
        old = {name: lock.read_own(name, project) for name in (APPS, TOOLS)}
        if all(old.values()) and not list(differences(project)):
            progress.say("Nothing to do: requirements/src/ agrees with requirements/apps.in")
            return 0
        before = _sizes(project)
        locking = Locking(project=project, cache=cache, index=index, progress=progress)
        new = locking.lines(project.apps_in, old[APPS], prefer=project.format)
        locking.fetch(new)
        wanted = tools.required(new, project)
        for_tools = locking.lines(wanted, old[TOOLS], prefer="wheel", beside=new)
        locking.fetch(for_tools)
        lock.write(APPS, new, project)
        lock.write(TOOLS, for_tools, project)
        _remove(project, {file.path.name for file in (*new, *for_tools)})
        for line in summary(before, _sizes(project)):
            progress.say(line)
    return 0


def _sizes(project: Project) -> dict[PurePosixPath, int]:
    return {SOURCE / name: (project.source / name).stat().st_size
            for name in lock.vendored_names(project.directory)}


def _remove(project: Project, wanted: set[str]) -> None:
    for name in lock.vendored_names(project.directory) - wanted:
        (project.source / name).unlink()
    # What a killed run was copying.
    for left in project.source.glob(".*.part"):
        left.unlink()
