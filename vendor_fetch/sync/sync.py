"""Update requirements/src/ and the locks to what requirements/apps.in asks for.

The files and locks change together, or not at all; see vendor_fetch.sync.staging.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from bootstrapper import plain_text
from bootstrapper.next_step import next_lines
from bootstrapper.progress import Progress
from bootstrapper.quoting import joined, quoted
from bootstrapper.ve.project.lockfile import APPS, SOURCE, TOOLS
from bootstrapper.ve.project.project_lock import project_lock
from vendor_fetch.direct.direct_files import DirectFiles
from vendor_fetch.direct.usable import refuse_unusable_files
from vendor_fetch.download.cache import Cache
from vendor_fetch.graph.check import check_differences, unlisted_paths
from vendor_fetch.index.index import Index
from vendor_fetch.program import edit_and_sync, sync_command
from vendor_fetch.project.locks import read_lock, vendored_names, write_lock
from vendor_fetch.project.project import APPS_IN, VendorProject
from vendor_fetch.resolve.shared_versions import page_cache
from vendor_fetch.sync.lock_project import lock_project
from vendor_fetch.sync.locker import Locker
from vendor_fetch.sync.staging import recover, staging
from vendor_fetch.sync.summary import summary_lines


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a command changes besides what apps.in says.

    The locked versions of the `free` packages do not count, or with `upgrade_all` those of none.
    `edits` are the new texts of apps.in and of the files that it includes. With `dry_run`, sync
    prints what would change, and changes nothing.
    """

    free: frozenset[str] = frozenset()
    upgrade_all: bool = False
    edits: Mapping[PurePosixPath, str] = field(default_factory=dict)
    dry_run: bool = False

    @property
    def changes(self) -> bool:
        """Whether a project that is in sync may change."""
        return bool(self.free or self.upgrade_all or self.edits)


def sync(
    project: VendorProject,
    cache: Cache,
    index: Index,
    progress: Progress,
    request: Request | None = None,
) -> int:
    """Bring a project's files up to date with requirements/apps.in, and do what a request asks for.

    Locked versions stay as long as apps.in and the request allow them. If the vendored files satisfy
    apps.in, no network is needed. Return the exit status: 0, or 1 if a difference is left that a user
    has to resolve, such as a wheel that no lock names.
    """
    request = request or Request()
    # Two syncs would remove each other's files, or a rebuild's. Older versions of this program and
    # pushes in place lock the project's directory.
    with project_lock(project.directory), project_lock(project.directory / APPS.parent):
        recover(project.directory)
        if not request.changes and not list(check_differences(project)):
            progress.say("Nothing to do: requirements/src/ agrees with requirements/apps.in")
            return 0
        before = _sizes(project)
        with staging(project) as change:
            locker = Locker(
                project=change.project,
                cache=cache,
                index=index,
                progress=progress,
                pages=page_cache(cache.root, project.targets),
                free=request.free,
                upgrade_all=request.upgrade_all,
            )
            for file, text in request.edits.items():
                change.edit(file, text)
            DirectFiles(
                project=change.project,
                cache=cache,
                index=index,
                progress=progress,
                renew=lambda name: request.upgrade_all or name in request.free,
            ).update()
            refuse_unusable_files(change.project)
            previous = {lock: read_lock(change.project.vendored, lock) for lock in (APPS, TOOLS)}
            found = lock_project(change.project, locker, previous)
            for lock, content in found.items():
                write_lock(lock, content, change.project)
            change.keep(file for content in found.values() for file in content.files)
            after = _sizes(change.project)
            if not request.dry_run:
                change.commit()
                after = _sizes(project)
        for line in (*summary_lines(before, after), *locker.warnings):
            progress.say(line)
        if request.dry_run:
            return 0
        return _report_remaining(project)


def _sizes(project: VendorProject) -> dict[PurePosixPath, int]:
    return {
        SOURCE / name: (project.source / name).stat().st_size
        for name in vendored_names(project.vendored)
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
