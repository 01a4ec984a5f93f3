"""Update requirements/src/ and the locks to what requirements/apps.in asks for.

The files and locks change together, or not at all; see vendor_fetch.sync.staging.
"""

from pathlib import PurePosixPath

from bootstrapper import plain_text
from bootstrapper.next_step import next_lines
from bootstrapper.progress import Progress
from bootstrapper.quoting import joined, quoted
from bootstrapper.ve.project.lockfile import APPS, SOURCE, TOOLS
from bootstrapper.ve.project.project_lock import project_lock
from vendor_fetch.download.cache import Cache
from vendor_fetch.graph.check import check_differences, refuse_rejected_files, unlisted_paths
from vendor_fetch.index.index import Index
from vendor_fetch.program import edit_and_sync, sync_command
from vendor_fetch.project.locks import read_lock, vendored_names, write_lock
from vendor_fetch.project.project import APPS_IN, VendorProject
from vendor_fetch.resolve.choice import files_by_path
from vendor_fetch.sync.lock_project import lock_project
from vendor_fetch.sync.locker import Locker
from vendor_fetch.sync.staging import recover, staging
from vendor_fetch.sync.summary import summary_lines


def sync(project: VendorProject, cache: Cache, index: Index, progress: Progress) -> int:
    """Bring a project's files up to date with requirements/apps.in.

    Locked versions stay as long as apps.in allows them. If the vendored files satisfy apps.in, no
    network is needed. Return the exit status: 0, or 1 if a difference is left that a user has to
    resolve, such as a wheel that no lock names.
    """
    # Two syncs would remove each other's files, or a rebuild's. Older versions of this program and
    # pushes in place lock the project's directory.
    with project_lock(project.directory), project_lock(project.directory / APPS.parent):
        recover(project.directory)
        if not list(check_differences(project)):
            progress.say("Nothing to do: requirements/src/ agrees with requirements/apps.in")
            return 0
        before = _sizes(project)
        with staging(project) as change:
            locker = Locker(project=change.project, cache=cache, index=index, progress=progress)
            refuse_rejected_files(files_by_path(project.directory, project.targets), project)
            previous = {lock: read_lock(project.directory, lock) for lock in (APPS, TOOLS)}
            found = lock_project(change.project, locker, project.apps_in, previous)
            for lock, content in found.items():
                write_lock(lock, content, change.project)
            change.keep(file for content in found.values() for file in content.files)
            change.commit()
        for line in (*summary_lines(before, _sizes(project)), *locker.warnings):
            progress.say(line)
        return _report_remaining(project)


def _sizes(project: VendorProject) -> dict[PurePosixPath, int]:
    return {
        SOURCE / name: (project.source / name).stat().st_size
        for name in vendored_names(project.directory)
    }


def _report_remaining(project: VendorProject) -> int:
    """Print the differences that are left after a sync, and return the exit status."""
    differences = list(check_differences(project))
    if not differences:
        return 0
    for difference in differences:
        print(plain_text.lines(plain_text.without_next(difference)))
    unlisted = unlisted_paths(project)
    next_step = (
        f"rm {joined(map(str, unlisted))}  # or ask for it in {APPS_IN} "
        f"({quoted(f'./{unlisted[0]}')}), then: {sync_command()}"
        if unlisted
        else edit_and_sync(APPS_IN, "change what it asks for")
    )
    print(
        f"{len(differences)} difference{'s' if len(differences) > 1 else ''}\n"
        f"{next_lines(next_step)}"
    )
    return 1
