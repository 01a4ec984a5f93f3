"""A Python interpreter: its version, its marker variables, and the wheels that it accepts."""

import json
import os
import shutil
import sys
from collections.abc import Container, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from bootstrapper.errors import InputError
from bootstrapper.quoting import quoted
from bootstrapper.ve.python import probe
from bootstrapper.ve.python.tag import (
    cpython_tags,
    generic_platform,
    linux_platforms,
    macos_platforms,
)

OLDEST = (3, 11)
LATEST_MINOR = 99  # Python will not release higher numbers for decades


@dataclass(frozen=True, kw_only=True)
class Interpreter:
    """A Python from which a virtualenv can be created.

    `environment` has the marker variables of PEP 508 except `extra`. `platforms` are its platform
    tags, best first. `bytecode` names the bytecode that it reads: the tag in the file names (PEP
    3147) and the magic number.
    """

    executable: Path
    version: tuple[int, int]
    abiflags: str
    bytecode: str
    platforms: tuple[str, ...]
    environment: Mapping[str, str]

    @property
    def site(self) -> str:
        """The directory of packages in its virtualenvs, such as `lib/python3.12/site-packages`."""
        threading = "t" if "t" in self.abiflags else ""
        return f"lib/python{self.version[0]}.{self.version[1]}{threading}/site-packages"

    @cached_property
    def tags(self) -> Mapping[str, int]:
        """Every wheel tag that it accepts, with its rank; 0 is the best."""
        ranks: dict[str, int] = {}
        for tag in cpython_tags(self.version, self.platforms, abiflags=self.abiflags):
            ranks.setdefault(tag, len(ranks))
        return ranks

    def __str__(self) -> str:
        name = self.environment["platform_python_implementation"]
        return f"{name} {self.environment['python_full_version']} on {self.platforms[0]}"


def inspect_interpreter(executable: str | Path) -> Interpreter:
    """Run an interpreter and return its facts.

    Raise InputError if it can't be run, is too old, or is not CPython.
    """
    import inspect  # most rebuilds use the running interpreter
    import subprocess

    if os.sep in str(executable):
        executable = os.path.abspath(executable)
    # The same as -I, which Python 2 does not have.
    command = [
        str(executable),
        "-E",
        "-s",
        "-S",
        "-c",
        f"{inspect.getsource(probe)}\nimport json\njson.dump(facts(), sys.stdout)",
    ]
    try:
        # With -c, Python would import modules of other users from the current directory.
        answer = subprocess.run(
            command, capture_output=True, stdin=subprocess.DEVNULL, cwd="/", check=True
        ).stdout
        facts = json.loads(answer)
    except (OSError, subprocess.CalledProcessError, ValueError) as error:
        output = getattr(error, "stderr", None) or str(error).encode()
        last = output.decode(errors="replace").strip().rpartition("\n")[2]
        raise InputError(
            str(executable),
            f"can't be run to find out its version: {last}",
            another_python(executable),
        ) from None
    return _interpreter(executable, facts)


def _interpreter(executable: str | Path, facts: dict[str, Any]) -> Interpreter:
    environment: dict[str, str] = facts["environment"]
    major, minor = (int(part) for part in environment["python_version"].split("."))
    if (major, minor) < OLDEST:
        raise InputError(
            str(executable),
            f"Python {environment['python_full_version']} is too old, "
            f"{OLDEST[0]}.{OLDEST[1]} or later is needed",
            another_python(executable),
        )
    if environment["implementation_name"] != "cpython":
        raise InputError(
            str(executable),
            f"{environment['platform_python_implementation']} is not CPython",
            another_python(executable),
        )
    return Interpreter(
        executable=Path(facts["executable"]),
        version=(major, minor),
        abiflags=facts["abiflags"],
        bytecode=facts["bytecode"],
        platforms=_platforms(facts),
        environment=environment,
    )


def _platforms(facts: dict[str, Any]) -> tuple[str, ...]:
    platform, macos = str(facts["platform"]), facts["macos"]
    if isinstance(macos, list):
        machine = facts["environment"]["platform_machine"]
        return macos_platforms(machine, (macos[0], macos[1]))
    if not platform.startswith("linux-"):
        return (generic_platform(platform),)
    machine = platform.removeprefix("linux-").replace("-", "_").replace(".", "_")
    # A 32-bit Python on a 64-bit kernel accepts 32-bit wheels (as pip does).
    if facts["bits"] == 32:
        machine = {"x86_64": "i686", "aarch64": "armv8l"}.get(machine, machine)
    glibc, musl = facts["glibc"], facts["musl"]
    return linux_platforms(
        machine,
        glibc=(glibc[0], glibc[1]) if isinstance(glibc, list) else None,
        musl=(musl[0], musl[1]) if isinstance(musl, list) else None,
    )


@cache
def current_interpreter() -> Interpreter:
    """Return the running interpreter, or the one from which its virtualenv was created."""
    executable = getattr(sys, "_base_executable", None) or sys.executable
    if "_PYTHON_HOST_PLATFORM" in os.environ:  # sysconfig would use it; inspecting does not
        return inspect_interpreter(executable)
    return _interpreter(executable, probe.facts())


def another_python(unfit: str | Path, versions: Container[str] | None = None) -> str:
    """Return the next command for an error about the interpreter `unfit`.

    The command names another Python on PATH that runs: the latest, or the latest of `versions`.
    """
    import subprocess

    every = (f"{OLDEST[0]}.{minor}" for minor in range(LATEST_MINOR, OLDEST[1] - 1, -1))
    wanted = [each for each in every if versions is None or each in versions]
    for version in wanted:
        path = shutil.which(f"python{version}")
        if not path or os.path.realpath(path) == os.path.realpath(unfit):
            continue
        # The commands of pyenv are on PATH for every version, and fail for all but its current ones.
        with suppress(OSError):
            if not subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode:
                return f"./bootstrap.py --python {quoted(path)}"
    package = f"python{wanted[0]}" if len(wanted) == 1 else "python3"
    return f"apt-get install {package}  # as root, on Debian; then: ./bootstrap.py"
