"""The rebuild: vendored files -> a fresh ve, or the old one untouched."""

import os
import re
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bootstrapper.errors import InputError, WorkFailed
from bootstrapper.progress import Progress
from bootstrapper.ve import bare, lockfile, modes, spare, storage, vendored
from bootstrapper.ve.assembly import Assembly
from bootstrapper.ve.building import build
from bootstrapper.ve.copying import Putting
from bootstrapper.ve.interpreter import Interpreter, describe, running
from bootstrapper.ve.lockfile import APPS, TOOLS, LockedFile
from bootstrapper.ve.manifest import Manifest
from bootstrapper.ve.project import Project
from bootstrapper.ve.provision import provide
from bootstrapper.ve.pyproject import requires_python
from bootstrapper.ve.required_python import allowed
from bootstrapper.ve.selection import select
from bootstrapper.ve.store import Store
from bootstrapper.ve.swap import recover, remove, swap
from bootstrapper.ve.toolbox import Toolbox
from bootstrapper.ve.turn import turn
from bootstrapper.ve.version import Version, matches
from bootstrapper.ve.written import Written

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
    with project.writable(), modes.umask(), turn(project.requirements, waiting=lambda: progress.say(
            "waiting for another rebuild of this project, or for vendor_fetch")):
        _tidy(project)
        apps = lockfile.read(project.directory, APPS)
        tools = lockfile.read(project.directory, TOOLS)
        vendored.verify(project.directory, [*apps, *tools], jobs=options.jobs, progress=progress)
        store = storage.find(project.directory, say=progress.say,
                             detail=progress.detail) if options.store else None
        try:
            ready = _replace(project, apps, tools, options, store, progress)
        except (OSError, WorkFailed) as error:
            trouble = store and storage.failed(store, project.directory, error)
            if not trouble:
                raise
            progress.say(trouble)
            ready = _replace(project, apps, tools, options, None, progress)
    progress.say(f"ve/ is ready: {ready}, {time.monotonic() - started:.1f} s")


def _replace(project: Project, apps: list[LockedFile], tools: list[LockedFile], options: Options,
             store: Store | None, progress: Progress) -> str:
    """Build the ve and swap it in; returns what is in it, in words.

    `store` None is for one that ends with this rebuild. Raises BootstrapperError or OSError.
    """
    with _unfinished(project) as directory:
        store = store or Store(directory / "store")
        toolbox = Toolbox(project.directory, select(
            tools, running(), project=project.directory), store)
        interpreter = choose(project, toolbox, options.python, apps)
        files = select(apps, interpreter, project=project.directory, wanted=project.wanted)
        with store.in_use():
            new, putting = directory / "ve", Putting(options.link_mode)
            assembly = Assembly(
                bare.Making(project.ve, directory, interpreter, toolbox, store),
                Written(os.fspath(project.ve / "bin/python"), interpreter), putting,
                store=store, jobs=options.jobs, progress=progress)
            built = build(files, tools, project=project.directory, interpreter=interpreter,
                          store=store, jobs=options.jobs, progress=progress)
            with modes.umask(modes.umask_for(project.directory)):
                parts = assembly.run(new, lambda look: provide(
                    files, built, project=project.directory, interpreter=interpreter,
                    store=store, jobs=options.jobs, progress=progress, look=look))
            Manifest.of(new, interpreter, files, parts).write(new)
            old = swap(new, project.ve, project.directory / ASIDE)
            if old and not (putting.links and spare.keep(store, old)):
                remove(old)
    return f"{len(files)} distributions, {interpreter}"


def choose(project: Project, toolbox: Toolbox, python: str | None,
           apps: Iterable[LockedFile] = ()) -> Interpreter:
    """The interpreter of the ve: what `python` names, else what the project asks for.

    The running one serves if it is of a version that is allowed and that the lock is for;
    otherwise virtualenv looks for one.
    Raises InputError: there is none, it is too old, or not what the project asks for.
    """
    required = requires_python(project.directory)
    if python is None:
        found = running()
        locked = _pythons(apps)
        if not _satisfies(found, required) or (locked and not locked & {_minor(found)}):
            found = _discover(toolbox, required, locked, found)
    elif os.sep in python:
        found = describe(python)
    else:
        found = describe(toolbox.discover(python))
    if not _satisfies(found, required):
        raise InputError(str(found.executable),
                         f"this is {found}, pyproject.toml has requires-python = \"{required}\"",
                         "name another Python: ./bootstrap.py --python PYTHON, or change "
                         "requires-python and vendor for it: make vendor")
    return found


def _discover(toolbox: Toolbox, required: str, locked: set[str],
              here: Interpreter) -> Interpreter:
    """An interpreter that is allowed, of the Python that the lock is for where there is one."""
    versions = allowed(required)
    for version in sorted(locked & versions.keys()):
        try:
            found = describe(toolbox.discover(version))
        except InputError:
            continue
        if _satisfies(found, required):
            return found
    if _satisfies(here, required):
        return here
    # Older virtualenvs know 3.12, but no specifiers.
    spec = next(iter(versions)) if len(versions) == 1 else required.removeprefix("==")
    return describe(toolbox.discover(spec))


def _pythons(files: Iterable[LockedFile]) -> set[str]:
    """The Pythons that compiled wheels of the lock are for; empty if it has none."""
    return {version for file in files if file.marker
            for version in re.findall(r'python_version == "(\d+\.\d+)"', str(file.marker))}


def _minor(interpreter: Interpreter) -> str:
    return interpreter.environment["python_version"]


def _satisfies(interpreter: Interpreter, required: str) -> bool:
    return matches(Version(interpreter.environment["python_full_version"]), required)


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
        remove(directory)


def _tidy(project: Project) -> None:
    """Clear up what a killed rebuild left; nobody else is at work while the project is locked."""
    recover(project.ve, project.directory / ASIDE)
    for left in project.directory.glob(f"{UNFINISHED}*"):
        remove(left)
    remove(project.directory / ASIDE)
