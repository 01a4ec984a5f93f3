"""Update requirements/src/ and the locks to what requirements/apps.in asks for.

The files and locks change together, or not at all; see vendor_fetch.sync.staging.
"""

from collections.abc import Callable, Iterable, Iterator, Set
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import PurePosixPath

from bootstrapper.errors import WorkFailed
from bootstrapper.progress import Progress
from bootstrapper.quoting import joined, quoted
from bootstrapper.ve.project.lockfile import APPS, TOOLS, LockedFile
from bootstrapper.ve.project.project_lock import project_lock
from vendor_fetch.direct.direct_files import DirectFiles
from vendor_fetch.direct.usable import refuse_unusable_files
from vendor_fetch.download.cache import Cache
from vendor_fetch.download.fetch import is_offline
from vendor_fetch.graph.check import check_differences, unlisted_paths
from vendor_fetch.graph.distributions import Distributions
from vendor_fetch.graph.unknown_markers import unknown_marker_warnings
from vendor_fetch.index.index import Index
from vendor_fetch.program import command_without, edit_and_sync, sync_command
from vendor_fetch.project.locks import locked_names, read_lock, write_lock
from vendor_fetch.project.project import APPS_IN, VendorProject
from vendor_fetch.resolve.shared_versions import page_cache
from vendor_fetch.sync.changes import Change, changes, explained, sizes
from vendor_fetch.sync.lock_project import lock_project
from vendor_fetch.sync.locker import Locker
from vendor_fetch.sync.publishers import Published, published
from vendor_fetch.sync.request import Outcome, Request
from vendor_fetch.sync.staging import Staging, recover, staging


def sync(
    project: VendorProject,
    cache: Cache,
    index: Index,
    progress: Progress,
    prepare: Callable[[], Request | None] = Request,
) -> Outcome | None:
    """Bring a project's files up to date with requirements/apps.in, and do what a request asks for.

    `prepare` returns the request. It is called when no other process can change the files any more.
    Locked versions stay as long as apps.in and the request allow them. If the vendored files satisfy
    apps.in, no network is needed. Return None if there is no request, or nothing to do.
    """
    with _turn(project, progress):
        recover(project.directory)
        request = prepare()
        if not request or (not request.changes and not list(check_differences(project))):
            return None
        with staging(project) as change:
            locker = Locker(
                project=change.project,
                cache=cache,
                index=index,
                progress=progress,
                pages=page_cache(cache.root, project.targets),
                free=request.free,
                upgrade_all=request.upgrade_all,
                dry_run=request.dry_run,
                fixes=request.fixes,
                adopted=request.adopted,
            )
            outcome = _prepare(change, locker, project, request)
            if request.dry_run:
                return outcome
            change.commit()
        return _with_differences(outcome, project)


@contextmanager
def _turn(project: VendorProject, progress: Progress) -> Iterator[None]:
    """Hold the locks of a project; wait for another vendor_fetch, and for a rebuild.

    Two syncs would remove each other's files, or a rebuild's. Older versions of this program and
    pushes in place lock the project's directory.
    """
    waits = iter([True])

    def waiting() -> None:
        if next(waits, False):
            progress.say("waiting for another vendor_fetch in this project, or for a rebuild")

    with (
        project_lock(project.directory, waiting),
        project_lock(project.directory / APPS.parent, waiting),
    ):
        yield


def _prepare(change: Staging, locker: Locker, project: VendorProject, request: Request) -> Outcome:
    """Prepare the new locks and files beside. Return what changes; raise BootstrapperError."""
    before, owned = sizes(project), locked_names(project.directory)
    for edited, text in request.edits.items():
        change.edit(edited, text, executable=edited in request.programs)
    for name, own in request.files.items():
        change.add(name, own)
    DirectFiles(
        project=change.project,
        cache=locker.cache,
        index=locker.index,
        progress=locker.progress,
        renew=lambda name: request.upgrade_all or name in request.free,
    ).update()
    refuse_unusable_files(change.project)
    previous = {lock: read_lock(change.project.vendored, lock) for lock in (APPS, TOOLS)}
    found = lock_project(change.project, locker, previous)
    for lock, content in found.items():
        write_lock(lock, content, change.project)
    lines = [file for content in found.values() for file in content.files]
    change.keep(lines)
    after = sizes(change.project)
    # Files of the user's, which no lock names, stay.
    kept = [before[path] for path in before if path.name not in owned and path not in after]
    changed = changes({path: before[path] for path in before if path.name in owned}, after)
    artifacts = {
        file.path: locker.known[file.sha256[0]] for file in lines if file.sha256[0] in locker.known
    }
    explained_changes = explained(changed, change.project, found[APPS].files, artifacts)
    from_index = {path for path, each in artifacts.items() if not each.url.startswith("file:")}
    locked = [file for lock in (APPS, TOOLS) for file in read_lock(project.directory, lock).files]
    facts = _published(tuple(explained_changes), locked, lines, from_index, locker, request)
    if request.strict and facts.warnings:
        raise WorkFailed(
            "--strict",
            "\n  ".join(each.removeprefix("warning: ") for each in facts.warnings),
            f"{command_without('--strict')}  # if the new publisher is the right one",
        )
    return Outcome(
        changes=tuple(_with_cooldown(facts.changes, request, project)),
        warnings=(
            *locker.warnings,
            *unknown_marker_warnings(
                change.project,
                found[APPS].files,
                Distributions(change.project, found[APPS].records),
            ),
            *_without_target(request, lines),
            *facts.warnings,
        ),
        first_uploads={
            each.name: facts.first_uploads.get(each.name)
            for each in facts.changes
            if each.name in request.introduced
        },
        total=(len(after) + len(kept), sum(after.values()) + sum(kept)),
        dry_run=request.dry_run,
    )


def _without_target(request: Request, lines: Iterable[LockedFile]) -> Iterator[str]:
    vendored = {file.distribution.name for file in lines}
    for name in sorted(request.named - vendored):
        yield f"warning: {name} is not vendored: the marker of its line excludes every target"


def _published(
    changed: tuple[Change, ...],
    locked: list[LockedFile],
    new: list[LockedFile],
    from_index: Set[PurePosixPath],
    locker: Locker,
    request: Request,
) -> Published:
    """Return the changes with their publishers, as far as the index has them."""
    # The files of a project's first lock have no publishers to be compared with. Those that apps.in
    # names by an address are no business of the index.
    asked = {
        each.name
        for each in changed
        if (locked or each.name in request.introduced) and not from_index.isdisjoint(each.added)
    }
    if not asked:
        return Published(changes=changed)
    if is_offline():
        unknown = "warning: publishers are not compared: VENDOR_FETCH_OFFLINE forbids the index"
        return Published(changes=changed, warnings=(unknown,) if request.strict else ())
    return published(
        changed, asked, locked, new, project=locker.project.directory, index=locker.index
    )


def _with_cooldown(
    found: Iterable[Change], request: Request, project: VendorProject
) -> Iterator[Change]:
    """Yield the changes; those that cooldown would have held back are marked."""
    now = datetime.now(UTC)
    for each in found:
        young = each.uploaded is not None and now - each.uploaded < project.cooldown
        yield replace(each, passes_cooldown=young and each.name in request.fixes)


def _with_differences(outcome: Outcome, project: VendorProject) -> Outcome:
    """Return an outcome with the differences that are left after a sync."""
    differences = tuple(check_differences(project))
    if not differences:
        return outcome
    unlisted = unlisted_paths(project)
    next_step = (
        f"rm {joined(map(str, unlisted))}  # or ask for it in {APPS_IN} "
        f"({quoted(f'./{unlisted[0]}')}), then: {sync_command()}"
        if unlisted
        else edit_and_sync(APPS_IN, "change what it asks for")
    )
    return replace(outcome, differences=differences, next_step=next_step)
