"""Tarballs become wheels: the vendored pip builds them, with vendored build backends (PEP 517)."""

import hashlib
import os
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

from bootstrapper.errors import WorkFailed
from bootstrapper.progress import Progress
from bootstrapper.ve.interpreter import Interpreter
from bootstrapper.ve.lockfile import SOURCE, LockedFile
from bootstrapper.ve.store import Store
from bootstrapper.ve.toolbox import Toolbox

SHOWN_LINES = 15


def build(tarballs: Sequence[LockedFile], *, project: Path, interpreter: Interpreter,
          toolbox: Toolbox, store: Store, jobs: int,
          progress: Progress) -> Mapping[PurePosixPath, Path]:
    """A wheel of each tarball, by the tarballs' paths; those that the store lacks are built.

    They are built `jobs` at a time, each in isolation and without an index: what a build needs
    must be in requirements/src/. Raises WorkFailed with the last lines that a failed build
    printed, and where all of them are.
    """
    places = {file.path: store.place("wheels", _key(file, interpreter, toolbox))
              for file in tarballs}
    missing = [file for file in tarballs if not _kept(places[file.path])]

    def one(file: LockedFile) -> LockedFile:
        with store.unfinished() as directory:
            made = directory / "wheel"
            _build(project, file, made, interpreter, toolbox.wheel("pip"), store)
            store.adopt(made, places[file.path])
        return file

    if missing:
        with progress.step("build", len(missing)) as step, ThreadPoolExecutor(jobs) as threads:
            try:
                for file in threads.map(one, missing):
                    step.advance(name=file.path.name)
            except BaseException:
                threads.shutdown(cancel_futures=True)
                raise
    return {path: _kept(place)[0] for path, place in places.items()}


def _kept(place: Path) -> list[Path]:
    """The wheel in a place of the store, or nothing."""
    wheels = list(place.glob("*.whl"))
    if wheels:
        os.utime(place)  # it was of use today
    return wheels


def _key(file: LockedFile, interpreter: Interpreter, toolbox: Toolbox) -> str:
    """What a built wheel depends on: the tarball, the interpreter, the platform, the tools."""
    facts = [file.sha256, interpreter.environment["python_full_version"], interpreter.abiflags,
             interpreter.platforms[0], sorted(toolbox.sha256.items())]
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _build(project: Path, file: LockedFile, into: Path, interpreter: Interpreter,
           pip: Path, store: Store) -> None:
    into.mkdir()
    command: list[str | Path] = [
        interpreter.executable, "-E", "-s", pip / "pip", "--isolated", "wheel",
        "--no-index", "--no-deps", "--no-cache-dir", "--disable-pip-version-check",
        "--find-links", project / SOURCE, "--wheel-dir", into, project / file.path]
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                         errors="replace", stdin=subprocess.DEVNULL, check=False,
                         env=_environment())
    if run.returncode == 0 and len(list(into.glob("*.whl"))) == 1:
        return
    log = store.root / "logs" / f"{file.path.name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(run.stdout, encoding="utf-8")
    last = "\n    ".join(run.stdout.rstrip().splitlines()[-SHOWN_LINES:])
    raise WorkFailed(str(file.path), f"no wheel could be built of it:\n    {last}\n"
                     f"  all of its output: {log}",
                     "a build requirement that is missing is vendored by: "
                     "python -m vendor_fetch sync")


def _environment() -> Mapping[str, str]:
    """Ours without what would change a build: pip's settings and Python's."""
    return {name: value for name, value in os.environ.items()
            if not name.startswith(("PIP_", "PYTHON"))}
