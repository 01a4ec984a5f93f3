"""The rebuild: vendored files -> a fresh ve, or the old one untouched."""

import os
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bootstrapper.errors import InputError
from bootstrapper.progress import Progress
from bootstrapper.ve import lockfile, vendored, worker
from bootstrapper.ve.filename import Tarball
from bootstrapper.ve.interpreter import Interpreter, describe, running
from bootstrapper.ve.layout import Layout, overridden
from bootstrapper.ve.lockfile import APPS, TOOLS, LockedFile
from bootstrapper.ve.manifest import Manifest
from bootstrapper.ve.project import Project
from bootstrapper.ve.pyproject import requires_python
from bootstrapper.ve.selection import select
from bootstrapper.ve.swap import recover, remove, swap
from bootstrapper.ve.tarball import build
from bootstrapper.ve.toolbox import Toolbox
from bootstrapper.ve.turn import turn
from bootstrapper.ve.version import Version, matches
from bootstrapper.ve.wheel import WheelFile

# Everything that is not finished lies in directories of this name, beside the ve.
UNFINISHED = ".ve.build-"
ASIDE = ".ve.old"


@dataclass(frozen=True, kw_only=True)
class Vendored:
    """A wheel to install: the file, and what messages call it."""

    path: Path
    name: str


def rebuild(project: Project, *, python: str | None, jobs: int, progress: Progress) -> None:
    """Build a fresh ve beside the old one, and swap them when it is whole.

    `python` is the path or the version of the interpreter to build it of; None is what the
    project asks for. Raises BootstrapperError; then the old ve is as it was.
    """
    started = time.monotonic()
    with project.writable(), turn(project.directory, waiting=lambda: progress.say(
            "waiting for another rebuild of this project, or for vendor_fetch")):
        _tidy(project)
        apps = lockfile.read(project.directory, APPS)
        tools = lockfile.read(project.directory, TOOLS)
        vendored.verify(project.directory, [*apps, *tools], jobs=jobs, progress=progress)
        toolbox = Toolbox(project.directory,
                          select(tools, running(), project=project.directory))
        interpreter = choose(project, toolbox, python)
        files = select(apps, interpreter, project=project.directory, wanted=project.wanted)
        with _unfinished(project) as directory:
            wheels = _wheels(project, files, directory, toolbox, interpreter, jobs, progress)
            new = directory / "ve"
            layout = _fill(new, project, wheels, toolbox, interpreter, jobs, progress)
            Manifest.of(new, layout.site, interpreter, files).write(new)
            old = swap(new, project.ve, project.directory / ASIDE)
            if old:
                remove(old)
    progress.say(f"ve/ is ready: {len(files)} distributions, {interpreter}, "
                 f"{time.monotonic() - started:.1f} s")


def choose(project: Project, toolbox: Toolbox, python: str | None) -> Interpreter:
    """The interpreter of the ve: what `python` names, else what the project asks for.

    The running one serves if it is of the right version; otherwise virtualenv looks for one.
    Raises InputError: there is none, it is too old, or not what the project asks for.
    """
    required = requires_python(project.directory)
    if python is None:
        found = running()
        if not _satisfies(found, required):
            # Older virtualenvs know 3.12, but no specifiers.
            spec = required.removeprefix("==").removesuffix(".*")
            found = describe(toolbox.discover(spec))
    elif os.sep in python:
        found = describe(python)
    else:
        found = describe(toolbox.discover(python))
    if not _satisfies(found, required):
        raise InputError(str(found.executable),
                         f"this is {found}, pyproject.toml has requires-python = \"{required}\"",
                         "name another Python: ./bootstrap.py --python PYTHON, or change "
                         "requires-python and vendor for it: python -m vendor_fetch sync")
    return found


def _satisfies(interpreter: Interpreter, required: str) -> bool:
    return matches(Version(interpreter.environment["python_full_version"]), required)


def _wheels(project: Project, files: Sequence[LockedFile], directory: Path, toolbox: Toolbox,
            interpreter: Interpreter, jobs: int, progress: Progress) -> list[Vendored]:
    """The wheels of all files, in the lock's order; those of tarballs are built."""
    tarballs = [file for file in files if isinstance(file.distribution, Tarball)]
    built = build(project.directory, tarballs, into=directory / "wheels", interpreter=interpreter,
                  pip=toolbox.wheel("pip"), jobs=jobs, progress=progress) if tarballs else {}
    return [Vendored(path=built.get(file.path, project.directory / file.path),
                     name=str(file.path)) for file in files]


def _fill(place: Path, project: Project, wheels: Sequence[Vendored], toolbox: Toolbox,
          interpreter: Interpreter, jobs: int, progress: Progress) -> Layout:
    """Create the ve at `place` and install the wheels, every one of them judged before."""
    with progress.step("create", 1) as step:
        toolbox.create(place, interpreter, prompt=project.directory.name)
        _forget_place(place)
        layout = Layout.of(place, interpreter.version)
        step.advance()
    paths = []
    for each in wheels:
        with WheelFile(each.path, each.name) as wheel:
            paths.append(layout.places(wheel).keys())
    tasks = [worker.Task(wheel=str(each.path), name=each.name, place=str(place),
                         site=layout.site, version=layout.version,
                         python=str(project.ve / "bin/python"), overridden=sorted(lost))
             for each, lost in zip(wheels, overridden(paths), strict=True)]
    # The big ones first, so that no process is left with one at the end.
    tasks.sort(key=lambda task: -Path(task.wheel).stat().st_size)
    with progress.step("install", len(tasks)) as step:
        worker.run(tasks, interpreter.executable, jobs=jobs,
                   done=lambda task: step.advance(name=task.name))
    return layout


def _forget_place(place: Path) -> None:
    """Make the files that name the place of building name the place of living."""
    unfinished = f"{place.parent.name}/".encode()
    for path in (place / "pyvenv.cfg", *(place / "bin").iterdir()):
        if path.is_symlink():
            continue
        content = path.read_bytes()
        if unfinished in content:
            path.write_bytes(content.replace(unfinished, b""))


@contextmanager
def _unfinished(project: Project) -> Iterator[Path]:
    """A directory of this rebuild's own beside the ve, gone afterwards.

    Its name is new each time: a process that outlives a killed rebuild can't reach the next one.
    """
    directory = project.directory / f"{UNFINISHED}{secrets.token_hex(4)}"
    directory.mkdir(mode=0o755)
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
