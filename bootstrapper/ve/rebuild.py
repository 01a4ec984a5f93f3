"""The rebuild: vendored files -> a fresh ve, or the old one untouched."""

import os
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bootstrapper.errors import WorkFailed
from bootstrapper.progress import Progress
from bootstrapper.ve.install import empty_venv
from bootstrapper.ve.install.generated_files import GeneratedFiles
from bootstrapper.ve.install.install import Assembly
from bootstrapper.ve.install.manifest import Manifest
from bootstrapper.ve.install.virtualenv import Virtualenv, choose_interpreter
from bootstrapper.ve.project import lockfile, vendored_files
from bootstrapper.ve.project.lockfile import APPS, TOOLS, LockedFile
from bootstrapper.ve.project.project import Project
from bootstrapper.ve.project.project_lock import project_lock
from bootstrapper.ve.project.selection import select_files
from bootstrapper.ve.python.interpreter import Interpreter, current_interpreter
from bootstrapper.ve.standards.filename import Tarball
from bootstrapper.ve.store import location, recycled_venv
from bootstrapper.ve.store.built_wheels import BuiltWheel, BuiltWheelCache
from bootstrapper.ve.store.store import Store
from bootstrapper.ve.system import modes
from bootstrapper.ve.system.directories import exchange_directories, recover_directory, remove_tree
from bootstrapper.ve.system.file_installer import FileInstaller
from bootstrapper.ve.unpack.provide import provide_entries

# Everything that is not finished lies in directories of this name, beside the ve.
UNFINISHED = ".ve.build-"
ASIDE = ".ve.old"


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to rebuild.

    `python` is the path or the version of the interpreter to build the ve of, None for what the
    project asks for; `jobs` how much is done at a time; `link_mode` one of LINK_MODES; `store`
    False for a rebuild that neither uses nor fills the user's store.
    """

    python: str | None = None
    jobs: int = 1
    link_mode: str = "auto"
    store: bool = True


def rebuild(project: Project, options: Options, progress: Progress) -> None:
    """Build a fresh ve beside the old one, and swap them when it is whole.

    Raises BootstrapperError; then the old ve is as it was.
    """
    started = time.monotonic()
    with (
        project.writable(),
        modes.umask(),
        project_lock(
            project.requirements,
            waiting=lambda: progress.say(
                "waiting for another rebuild of this project, or for vendor_fetch"
            ),
        ),
    ):
        _tidy(project)
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
            ready = _replace(project, apps, tools, options, store, progress)
        except (OSError, WorkFailed) as error:
            trouble = store and location.failed(store, project.directory, error)
            if not trouble:
                raise
            progress.say(trouble)
            ready = _replace(project, apps, tools, options, None, progress)
    progress.say(f"ve/ is ready: {ready}, {time.monotonic() - started:.1f} s")


def _replace(
    project: Project,
    apps: list[LockedFile],
    tools: list[LockedFile],
    options: Options,
    store: Store | None,
    progress: Progress,
) -> str:
    """Build the ve and swap it in; returns what is in it, in words.

    `store` None is for one that ends with this rebuild. Raises BootstrapperError or OSError.
    """
    with _unfinished(project) as directory:
        store = store or Store(directory / "store")
        toolbox = Virtualenv(
            project.directory,
            select_files(tools, current_interpreter(), project=project.directory),
            store,
        )
        interpreter = choose_interpreter(project, toolbox, options.python, apps)
        files = select_files(apps, interpreter, project=project.directory, wanted=project.wanted)
        with store.in_use():
            new, putting = directory / "ve", FileInstaller(options.link_mode)
            assembly = Assembly(
                empty_venv.EmptyVenvFactory(project.ve, directory, interpreter, toolbox, store),
                GeneratedFiles(os.fspath(project.ve / "bin/python"), interpreter),
                putting,
                store=store,
                jobs=options.jobs,
                progress=progress,
            )
            built = build(
                files,
                tools,
                project=project.directory,
                interpreter=interpreter,
                store=store,
                jobs=options.jobs,
                progress=progress,
            )
            with modes.umask(modes.umask_for(project.directory)):
                parts = assembly.run(
                    new,
                    lambda look: provide_entries(
                        files,
                        built,
                        project=project.directory,
                        interpreter=interpreter,
                        store=store,
                        jobs=options.jobs,
                        progress=progress,
                        look=look,
                    ),
                )
            Manifest.of(new, interpreter, files, parts).write(new)
            old = exchange_directories(new, project.ve, project.directory / ASIDE)
            if old and not (putting.links and recycled_venv.keep(store, old)):
                remove_tree(old)
    return f"{len(files)} distributions, {interpreter}"


@contextmanager
def _unfinished(project: Project) -> Iterator[Path]:
    """A directory of this rebuild's own beside the ve, gone afterwards.

    Its name is new each time: a process that outlives a killed rebuild can't reach the next one.
    """
    directory = project.directory / f"{UNFINISHED}{secrets.token_hex(4)}"
    with modes.umask(modes.umask_for(project.directory)):
        directory.mkdir()
    try:
        yield directory
    finally:
        remove_tree(directory)


def _tidy(project: Project) -> None:
    """Clear up what a killed rebuild left; nobody else is at work while the project is locked."""
    recover_directory(project.ve, project.directory / ASIDE)
    for left in project.directory.glob(f"{UNFINISHED}*"):
        remove_tree(left)
    remove_tree(project.directory / ASIDE)


def build(
    files: Sequence[LockedFile],
    tools: Sequence[LockedFile],
    *,
    project: Path,
    interpreter: Interpreter,
    store: Store,
    jobs: int,
    progress: Progress,
) -> Mapping[PurePosixPath, BuiltWheel]:
    """A wheel of each tarball among the files, by the tarballs' paths; what lacks is built.

    `tools` are all lines of tools.txt. Raises WorkFailed with the last lines that a failed build
    printed, and where all of them are.
    """
    tarballs = [file for file in files if isinstance(file.distribution, Tarball)]
    if not tarballs:
        return {}
    fitting = select_files(tools, interpreter, project=project)
    keeping = BuiltWheelCache(store, interpreter, fitting)
    others = {str(file.path): file.sha256[0] for file in files}
    found = {file.path: keeping.find(file, others) for file in tarballs}
    built = {path: each for path, each in found.items() if each}
    if missing := [file for file in tarballs if file.path not in built]:
        # A rebuild that builds nothing need not know how.
        from bootstrapper.ve.builder.wheel_builder import WheelBuilder

        workshop = WheelBuilder(
            files,
            fitting,
            keeping,
            project=project,
            interpreter=interpreter,
            store=store,
            jobs=jobs,
            progress=progress,
        )
        built |= workshop.build(missing)
    return built
