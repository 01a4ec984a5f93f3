"""Tarballs become wheels: the vendored pip builds them, with vendored build backends (PEP 517)."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

from bootstrapper.errors import WorkFailed
from bootstrapper.progress import Progress
from bootstrapper.ve.interpreter import Interpreter
from bootstrapper.ve.lockfile import SOURCE, LockedFile
from bootstrapper.ve.toolbox import cache_directory

SHOWN_LINES = 15


def build(project: Path, tarballs: Sequence[LockedFile], *, into: Path, interpreter: Interpreter,
          pip: Path, jobs: int, progress: Progress) -> Mapping[PurePosixPath, Path]:
    """Build a wheel of each tarball, `jobs` at a time; returns the wheels by the tarballs' paths.

    Each build is isolated and has no index: what it needs must be in requirements/src/. Raises
    WorkFailed with the last lines that a failed build printed, and where all of them are.
    """
    def one(file: LockedFile) -> tuple[LockedFile, Path]:
        return file, _build(project, file, into / file.path.name, interpreter, pip)

    wheels = {}
    with progress.step("build", len(tarballs)) as step, ThreadPoolExecutor(jobs) as threads:
        try:
            for file, wheel in threads.map(one, tarballs):
                wheels[file.path] = wheel
                step.advance(name=file.path.name)
        except BaseException:
            threads.shutdown(cancel_futures=True)
            raise
    return wheels


def _build(project: Path, file: LockedFile, into: Path, interpreter: Interpreter,
           pip: Path) -> Path:
    into.mkdir(parents=True)
    command: list[str | Path] = [
        interpreter.executable, "-E", "-s", pip / "pip", "--isolated", "wheel",
        "--no-index", "--no-deps", "--no-cache-dir", "--disable-pip-version-check",
        "--find-links", project / SOURCE, "--wheel-dir", into, project / file.path]
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                         errors="replace", stdin=subprocess.DEVNULL, check=False,
                         env=_environment())
    wheels = list(into.glob("*.whl"))
    if run.returncode == 0 and len(wheels) == 1:
        return wheels[0]
    log = cache_directory() / "logs" / f"{file.path.name}.log"
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
