"""The target of vendoring: the Python and the platform that files are fetched for."""

import os
import platform
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from bootstrapper.errors import BootstrapperError, InputError
from bootstrapper.ve.python.interpreter import OLDEST
from bootstrapper.ve.python.required_python import allowed_pythons
from bootstrapper.ve.standards.version import Version, matches
from vendor_fetch.index.uv import find_uv, permitted_environment

# Servers are older than laptops. Most wheels are built for glibc 2.28 (2018) or older; RHEL 8,
# Debian 10 and all later systems have it.
SERVER_GLIBC = (2, 28)


@dataclass(frozen=True, kw_only=True)
class Target:
    """A Python and a platform.

    `python` is a version of two numbers, "3.12"; `micro` is the third number of the oldest allowed
    one. `sys_platform` and `machine` are spelled as in PEP 508. `glibc` is the version of this
    machine; None stands for another C library.
    """

    python: str
    sys_platform: str = "linux"
    machine: str = "x86_64"
    glibc: tuple[int, int] | None = None
    micro: int = 0

    @property
    def oldest_python(self) -> str:
        """The oldest allowed Python, "3.12.4". uv resolves for it."""
        return f"{self.python}.{self.micro}"

    @property
    def uv_platforms(self) -> tuple[str | None, ...]:
        """The values of uv's `--python-platform` to try in order. None is this machine."""
        if self.sys_platform != "linux" or self.machine not in ("x86_64", "aarch64"):
            return (None,)
        server = f"{self.machine}-manylinux_{SERVER_GLIBC[0]}_{SERVER_GLIBC[1]}"
        if self.glibc and self.glibc > SERVER_GLIBC:
            return server, None
        return (server,)

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables of PEP 508 that markers of locks and requirements use."""
        system = {"linux": "Linux", "darwin": "Darwin", "win32": "Windows"}
        return {
            "python_version": self.python,
            "python_full_version": self.oldest_python,
            "implementation_name": "cpython",
            "implementation_version": self.oldest_python,
            "platform_python_implementation": "CPython",
            "os_name": "nt" if self.sys_platform == "win32" else "posix",
            "sys_platform": self.sys_platform,
            "platform_system": system.get(self.sys_platform, ""),
            "platform_machine": self.machine,
            "platform_release": "",
            "platform_version": "",
        }

    def __str__(self) -> str:
        return f"Python {self.python} on {self.sys_platform} {self.machine}"


def this_machine(python: str | None = None, *, micro: int = 0) -> Target:
    """Return this machine as a target, for `python` ("3.12") or the running Python."""
    name, version = platform.libc_ver()
    numbers = re.match(r"(\d+)\.(\d+)", version) if name == "glibc" else None
    return Target(
        python=python or _running_python(),
        sys_platform=sys.platform,
        machine=platform.machine(),
        glibc=(int(numbers[1]), int(numbers[2])) if numbers else None,
        micro=micro,
    )


def choose_python(required: str) -> tuple[str, int]:
    """Return the Python to vendor for and its oldest allowed micro version: `("3.12", 4)`.

    `required` is `requires-python`. If it allows one Python, that is the result. Otherwise the
    running Python comes first, then one that is installed here, then the oldest: files can be
    fetched for a Python that is not installed. Raise InputError if `./bootstrap.py` supports no
    allowed Python.
    """
    pythons = allowed_pythons(required)
    running = _running_python()
    if not pythons:
        raise InputError(
            "pyproject.toml",
            f"requires-python = {required!r} allows no Python that "
            f"./bootstrap.py supports: CPython {OLDEST[0]}.{OLDEST[1]} or later",
            f"sed -i 's/^requires-python = .*/requires-python = \">={running}\"/' pyproject.toml",
        )
    if len(pythons) > 1:
        full_version = f"{running}.{sys.version_info.micro}"
        if running in pythons and matches(Version(full_version), required):
            return running, pythons[running]
        installed = _installed_python(required)
        if installed in pythons:
            return installed, pythons[installed]
    return next(iter(pythons.items()))


def _running_python() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _installed_python(required: str) -> str:
    """Return the version, "3.12", of an installed Python that is allowed, or an empty string."""
    try:
        executable = _output(
            find_uv(),
            "python",
            "find",
            "--no-config",
            "--no-python-downloads",
            "--system",
            required,
        )
        version = _output(
            executable, "-I", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"
        )
    except (BootstrapperError, OSError):
        return ""
    return version if re.fullmatch(r"\d+\.\d+", version) else ""


def _output(*command: str) -> str:
    return subprocess.run(
        command,
        env=permitted_environment(os.environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
