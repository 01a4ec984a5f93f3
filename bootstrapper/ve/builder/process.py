"""Start, watch and kill build processes, and describe failed builds."""

import json
import os
import re
import shlex
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from bootstrapper.errors import WorkFailed
from bootstrapper.next_step import ANOTHER_VERSION, edit
from bootstrapper.program import VENDOR
from bootstrapper.quoting import quoted
from bootstrapper.ve.builder.backend import BuildTask
from bootstrapper.ve.project.lockfile import LockedFile
from bootstrapper.ve.store.built_wheels import BUILD_VARIABLES
from bootstrapper.ve.wheel import undeclared

# Our own code is on sys.path for one import only, so that a backend does not find it.
_MAIN = """
import sys
sys.path.insert(0, sys.argv.pop(1))
from bootstrapper.ve.builder.backend import serve
del sys.path[0]
serve()
"""

# The time of all files in a wheel, 2020-01-01 UTC, so that builds are reproducible
# (https://reproducible-builds.org/specs/source-date-epoch/).
_EPOCH = "1577836800"


class BuildProcesses:
    """The build processes of one rebuild. `stop` kills them all and prevents new ones."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[int] = set()
        self._stopped = False

    def run(
        self, task: BuildTask, python: Path, directory: Path, log: Path
    ) -> dict[str, Any] | None:
        """Build one tarball and return the answer; None if the build failed.

        `directory` is for its temporary files. When this returns, the build's process group is empty.
        """
        home = directory / "home"
        home.mkdir(exist_ok=True)
        with log.open("ab") as output, self._lock:
            if self._stopped:
                return None
            process = subprocess.Popen(
                [
                    python,
                    "-P",
                    "-s",
                    "-c",
                    _MAIN,
                    Path(__file__).parents[3],
                    json.dumps(asdict(task)),
                ],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                cwd=directory,
                umask=0o022,
                process_group=0,
                env=_environment(python, home, task.source),
            )
            self._running.add(process.pid)
        try:
            _wait_for_end(process)
        finally:
            with self._lock:
                _kill(process.pid)
                self._running.discard(process.pid)
            process.communicate()
        if process.returncode != 0 or not os.path.exists(task.answer):
            return None
        answer: dict[str, Any] = json.loads(Path(task.answer).read_bytes())
        return answer

    def stop(self) -> None:
        """Kill every build with all processes that it has started."""
        with self._lock:
            self._stopped = True
            for pid in self._running:
                _kill(pid)


def _wait_for_end(process: "subprocess.Popen[bytes]") -> None:
    """Wait until a build has ended, if possible without reaping it.

    While it is a zombie, no other process can get its number. Python has no waitid on macOS before
    3.13. There, the number is free for the moment until `_kill` ends the rest of the group.
    """
    if hasattr(os, "waitid"):
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    else:
        process.wait()


def _kill(group: int) -> None:
    # macOS refuses permission for a group that has only zombies.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _environment(python: Path, home: Path, source: str) -> Mapping[str, str]:
    """Return the environment of a build: of the user's only PATH and BUILD_VARIABLES.

    Settings of pip and distutils are left out.
    """
    ours = {name: os.environ[name] for name in BUILD_VARIABLES if name in os.environ}
    for name in ("CFLAGS", "CXXFLAGS"):
        # Otherwise debug information contains a temporary directory, which changes every time.
        option = shlex.quote(f"-fdebug-prefix-map={source}=.")
        ours[name] = f"{ours.get(name, '')} {option}".strip()
    return {
        **ours,
        "PATH": f"{python.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "HOME": os.fspath(home),
        "TMPDIR": os.fspath(home),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "SOURCE_DATE_EPOCH": _EPOCH,
        "PYTHONHASHSEED": "0",
        "PYTHONNOUSERSITE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
    }


SHOWN_LINES = 15
_TAIL_BYTES = 1 << 16


class _Missing(NamedTuple):
    pattern: re.Pattern[str]
    what: str
    next_step: str


# What builds need from the system, by the errors of setuptools, distutils, the kernel, Meson,
# CMake and C compilers.
_MISSING = (
    _Missing(
        pattern=re.compile(
            r"command '([^']+)' failed: No such file or directory"
            r"|No such file or directory: '([^']*(?:cc|c\+\+|g\+\+|clang)[^']*)'"
            r"|Unknown compiler\(s\): \[\['([^']+)"
            r"|(?:No )?(CMAKE_C(?:XX)?_COMPILER) (?:could be found|not set)"
        ),
        what="a C compiler",
        next_step="apt-get install build-essential  # as root, on Debian; then: ./bootstrap.py",
    ),
    _Missing(
        pattern=re.compile(r"fatal error: '?(Python\.h)'?[: ]|(Python\.h): No such file"),
        what="Python's header files",
        next_step="apt-get install python3-dev  # as root, on Debian; then: ./bootstrap.py",
    ),
    _Missing(
        pattern=re.compile(r"fatal error: '?([^\s':]+)'?(?:: No such file| file not found)"),
        what="the header files of a library",
        next_step="apt-file search {name}  # finds Debian's package; install it, then: ./bootstrap.py",
    ),
)


def build_error(file: LockedFile, log: Path, build_requires: Sequence[str] = ()) -> WorkFailed:
    """Return the error for a tarball whose build has failed.

    `build_requires` are the project's own build requirements.
    """
    with log.open("rb") as stream:
        stream.seek(max(0, log.stat().st_size - _TAIL_BYTES))
        text = stream.read().decode(errors="replace").rstrip()
    last = "\n    ".join(text.splitlines()[-SHOWN_LINES:])
    shown = f":\n    {last}\n  full log: {log}"
    for pattern, what, next_step in _MISSING:
        if match := pattern.search(text):
            name = next(filter(None, match.groups()))
            return WorkFailed(
                str(file.path),
                f"its build needs {what}, and {name} is missing{shown}",
                next_step.format(name=quoted(name)),
            )
    if setting := undeclared.setting(text, build_requires):
        return WorkFailed(
            str(file.path),
            f"its build imports a module that it does not declare{shown}",
            edit("pyproject.toml", f"[tool.vendor_fetch] needs {setting}, then: {VENDOR}"),
        )
    return WorkFailed(
        str(file.path),
        f"its build failed{shown}",
        ANOTHER_VERSION,
    )
