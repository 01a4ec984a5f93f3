"""What files are fetched for: a Python, a kernel, an architecture, a C library."""

import platform
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass

# Servers are older than laptops. glibc 2.28 (2018) is what most wheels of today are built for;
# RHEL 8, Debian 10 and all that came later have it.
SERVER_GLIBC = (2, 28)


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where vendored files shall run.

    `python` is a version of two numbers, "3.12", and `micro` the third number of the oldest one
    that is allowed; `sys_platform` and `machine` are as PEP 508
    spells them; `glibc` is that of this machine, None where there is another C library.
    """

    python: str
    sys_platform: str = "linux"
    machine: str = "x86_64"
    glibc: tuple[int, int] | None = None
    micro: int = 0

    @property
    def oldest_python(self) -> str:
        """The oldest Python that it may be, which is what uv resolves for as well."""
        return f"{self.python}.{self.micro}"

    @property
    def uv_platforms(self) -> tuple[str | None, ...]:
        """Values for uv's `--python-platform`, to be tried in order; None is this machine."""
        if self.sys_platform != "linux" or self.machine not in ("x86_64", "aarch64"):
            return (None,)
        server = f"{self.machine}-manylinux_{SERVER_GLIBC[0]}_{SERVER_GLIBC[1]}"
        if self.glibc and self.glibc > SERVER_GLIBC:
            return server, None
        return (server,)

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables of PEP 508, as far as markers of a lock and of requirements ask."""
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
    """This machine, for `python` ("3.12") or else the Python that runs this."""
    name, version = platform.libc_ver()
    numbers = re.match(r"(\d+)\.(\d+)", version) if name == "glibc" else None
    return Target(
        python=python or f"{sys.version_info.major}.{sys.version_info.minor}",
        sys_platform=sys.platform,
        machine=platform.machine(),
        glibc=(int(numbers[1]), int(numbers[2])) if numbers else None,
        micro=micro,
    )
