"""Makes requirements/src/ and the locks agree with requirements/apps.in.

Files are fetched first, then the locks are written, each by one rename. Files that a lock named
and that no lock names any more are removed last; so whatever interrupts it, the project still
bootstraps.
"""

import shlex
from pathlib import PurePosixPath

from bootstrapper.progress import Progress
from bootstrapper.ve.project.lockfile import APPS, SOURCE, TOOLS
from bootstrapper.ve.project.project_lock import project_lock
from vendor_fetch.download.cache import Cache
from vendor_fetch.graph import metadata
from vendor_fetch.graph.check import check_differences, unnamed
from vendor_fetch.graph.fitness import refuse_rejected_files
from vendor_fetch.index.index import Index
from vendor_fetch.project import locks
from vendor_fetch.project.apps_in import apps_in
from vendor_fetch.project.project import VendorProject
from vendor_fetch.resolve.choice import files_by_path
from vendor_fetch.sync.locker import Locker
from vendor_fetch.sync.owned_files import OwnedFiles
from vendor_fetch.sync.summary import summary_lines


def sync(project: VendorProject, cache: Cache, index: Index, progress: Progress) -> int:
    """Bring a project's files up to what requirements/apps.in asks for.

    Versions that are locked stay as long as apps.in allows them. Without a network it works as
    long as the vendored files satisfy apps.in. Return the exit status: 0, or 1 if a difference
    is left that only a person can resolve, such as a wheel that no lock names.
    """
    # Two runs would remove each other's files, and a rebuild's. Older versions, and pushes in
    # place, hold the project's directory.
    with project_lock(project.directory), project_lock(project.directory / APPS.parent):
        belongings = OwnedFiles(project)
        if belongings.is_unfinished:
            _remove(belongings)
        old = {name: locks.read_current(name, project) for name in (APPS, TOOLS)}
        if all(old.values()) and not list(check_differences(project)):
            progress.say("Nothing to do: requirements/src/ agrees with requirements/apps.in")
            return 0
        before = _sizes(project)
        try:
            refuse_rejected_files(files_by_path(project.directory, project.platform), project)
            locking = Locker(project=project, cache=cache, index=index, progress=progress)
            new = locking.lines(project.apps_in, old[APPS], prefer=project.format)
            belongings.claim(new)
            locking.fetch(new)
            refuse_rejected_files(new, project)
            wanted = metadata.tool_requirements(new, project)
            for_tools = locking.lines(wanted, old[TOOLS], prefer="wheel", beside=new)
            belongings.claim(for_tools)
            locking.fetch(for_tools)
            asked = [each.text for each in apps_in(project.directory)]
            locks.write_lock(APPS, new, project, asked)
            locks.write_lock(TOOLS, for_tools, project, wanted)
        finally:
            _remove(belongings)
        for line in (*summary_lines(before, _sizes(project)), *locking.warnings):
            progress.say(line)
        return _left(project)


def _sizes(project: VendorProject) -> dict[PurePosixPath, int]:
    return {
        SOURCE / name: (project.source / name).stat().st_size
        for name in locks.vendored_names(project.directory)
    }


def _remove(belongings: OwnedFiles) -> None:
    belongings.remove_unnamed()


def _left(project: VendorProject) -> int:
    """Print what still differs after a sync; its exit status."""
    found = list(check_differences(project))
    if not found:
        return 0
    for each in found:
        print(each)
    own = [str(SOURCE / name) for name in unnamed(project)]
    advice = (
        f"ask for it in requirements/apps.in (./{own[0]}), or remove it: rm "
        + " ".join(map(shlex.quote, own))
        if own
        else "change what requirements/apps.in asks for, then run: python -m vendor_fetch sync"
    )
    print(f"{len(found)} difference{'s' if len(found) > 1 else ''}\n  next: {advice}")
    return 1
