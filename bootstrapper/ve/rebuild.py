"""The order of a rebuild: lock, read, verify, select, build, unpack, install, replace."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bootstrapper.errors import WorkFailed
from bootstrapper.progress import Progress
from bootstrapper.quoting import quoted
from bootstrapper.ve.builder.build import build_wheels
from bootstrapper.ve.install.empty_venv import EmptyVenvFactory
from bootstrapper.ve.install.install import install
from bootstrapper.ve.install.staging import remove_leftovers, replace_venv, staging_directory
from bootstrapper.ve.install.tree_installer import DamagedEntry
from bootstrapper.ve.install.virtualenv import Virtualenv, choose_interpreter
from bootstrapper.ve.project import lockfile, vendored_files
from bootstrapper.ve.project.lockfile import APPS, TOOLS, LockedFile
from bootstrapper.ve.project.project import Project
from bootstrapper.ve.project.project_lock import project_lock
from bootstrapper.ve.project.selection import select_files
from bootstrapper.ve.python.interpreter import current_interpreter
from bootstrapper.ve.store import location
from bootstrapper.ve.store.built_wheels import BuiltWheel
from bootstrapper.ve.store.context import Context
from bootstrapper.ve.store.store import Store
from bootstrapper.ve.system import modes
from bootstrapper.ve.system.file_installer import FileInstaller
from bootstrapper.ve.unpack.provide import provide_entries


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to rebuild.

    `python` is the path or version of the virtualenv's interpreter; None means the one that the
    project asks for. `jobs` is the number of tasks to run at a time. `link_mode` is one of
    LINK_MODES. Without `store`, the rebuild neither reads nor fills the user's store.
    """

    python: str | None = None
    jobs: int = 1
    link_mode: str = "auto"
    store: bool = True


def rebuild(project: Project, options: Options, progress: Progress) -> None:
    """Replace the project's virtualenv with a fresh one that holds exactly what the lock says.

    Raise BootstrapperError if that fails; the old virtualenv is then still there, unchanged.
    """
    started = time.monotonic()
    with (
        project.writable(),
        modes.umask(),
        project_lock(
            project.requirements,
            waiting=lambda: progress.say(
                "waiting for another rebuild of this project, or for vendor_fetch "
                f"(fuser -v {quoted(str(project.requirements))} shows the process)"
            ),
        ),
    ):
        remove_leftovers(project)
        apps = lockfile.read(project.directory, APPS)
        tools = lockfile.read(project.directory, TOOLS)
        vendored_files.verify(
            project.directory, [*apps, *tools], jobs=options.jobs, progress=progress
        )
        store = (
            location.find(project.directory, say=progress.say, detail=progress.detail)
            if options.store
            else None
        )
        try:
            summary = _build_and_replace(project, apps, tools, options, store, progress)
        except (OSError, WorkFailed) as error:
            store_error = store and location.failed(store, project.directory, error)
            if not store_error:
                raise
            progress.say(store_error)
            summary = _build_and_replace(project, apps, tools, options, None, progress)
    progress.say(f"ve/ is ready: {summary}, {time.monotonic() - started:.1f} s")


def _build_and_replace(
    project: Project,
    apps: Sequence[LockedFile],
    tools: Sequence[LockedFile],
    options: Options,
    store: Store | None,
    progress: Progress,
) -> str:
    """Build the new virtualenv and replace the old one; return a summary of what it holds.

    Without a store, use one that is removed afterwards. Raise BootstrapperError or OSError.
    """
    with staging_directory(project) as directory:
        store = store or Store(directory / "store")
        virtualenv = Virtualenv(
            project.directory,
            select_files(tools, current_interpreter(), project=project.directory),
            store,
        )
        interpreter = choose_interpreter(project, virtualenv, options.python, apps)
        context = Context(
            project=project,
            interpreter=interpreter,
            store=store,
            jobs=options.jobs,
            progress=progress,
        )
        files = select_files(apps, interpreter, project=project.directory, wanted=project.wanted)
        installer = FileInstaller(options.link_mode)
        empty_venvs = EmptyVenvFactory(context, virtualenv, directory)
        new = directory / "ve"
        with store.shared():
            wheels = build_wheels(context, files, tools)
            with modes.umask(modes.umask_for(project.directory)):
                _unpack_and_install(context, files, wheels, empty_venvs, installer, new)
            replace_venv(project, new, store, recycle=installer.links)
    return f"{len(files)} distributions, {interpreter}"


def _unpack_and_install(
    context: Context,
    files: Sequence[LockedFile],
    wheels: Mapping[PurePosixPath, BuiltWheel],
    empty_venvs: EmptyVenvFactory,
    installer: FileInstaller,
    new: Path,
) -> None:
    """Unpack what the store does not have, and install everything at `new`.

    The first attempt trusts the store and recycles the last virtualenv. If it fails, the second
    one checks every file of the store and starts with an empty directory.
    """
    for verify_files in (False, True):
        with empty_venvs.creating():
            entries = provide_entries(context, files, wheels, verify_files=verify_files)
        try:
            install(
                context,
                new,
                files,
                entries,
                empty_venv=empty_venvs.get(),
                installer=installer,
                recycle=not verify_files,
            )
            return
        except (DamagedEntry, OSError):
            if verify_files:
                raise
