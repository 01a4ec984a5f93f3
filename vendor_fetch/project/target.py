"""The target of vendoring: the Python and the platform that files are fetched for."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Self

from bootstrapper.ve.python.interpreter import Interpreter
from bootstrapper.ve.python.tag import linux_platforms, macos_platforms
from bootstrapper.ve.standards.filename import Tarball, Wheel

# Of each platform: `sys_platform` and `platform_machine` as markers spell them (PEP 508).
PLATFORMS: Mapping[str, tuple[str, str]] = {
    "linux-x86_64": ("linux", "x86_64"),
    "linux-aarch64": ("linux", "aarch64"),
    "macos-x86_64": ("darwin", "x86_64"),
    "macos-arm64": ("darwin", "arm64"),
}
DEFAULT_PLATFORM = "linux-x86_64"
# Servers are older than laptops. Most wheels are built for glibc 2.28 (2018) or older; RHEL 8,
# Debian 10 and all later systems have it. macOS 11 is the first on ARM.
FLOORS: Mapping[str, tuple[int, int]] = {"linux": (2, 28), "darwin": (11, 0)}
# The keys of the floors in a target's table.
FLOOR_KEYS: Mapping[str, str] = {"linux": "glibc", "darwin": "macos"}
_SYSTEMS = {"linux": "Linux", "darwin": "Darwin"}


@dataclass(frozen=True, kw_only=True)
class Target:
    """A Python and a platform.

    `python` is a version of two numbers, "3.12"; `micro` is the third number of the oldest allowed
    one. `platform` is a key of PLATFORMS. `floor` is the version of the oldest C library on Linux,
    and of the oldest macOS; None is the default of FLOORS. `required` is `requires-python`.

    An `exact` target stands for its micro version, and for the later ones that need the same files.
    """

    python: str
    platform: str = DEFAULT_PLATFORM
    floor: tuple[int, int] | None = None
    micro: int = 0
    required: str = ""
    exact: bool = False

    def at(self, micro: int) -> Self:
        """Return the target at a later micro version."""
        return replace(self, micro=micro, exact=True)

    @property
    def oldest_python(self) -> str:
        """The oldest allowed Python, "3.12.4". uv resolves for it."""
        return f"{self.python}.{self.micro}"

    @property
    def sys_platform(self) -> str:
        """The value of the marker variable, "linux" or "darwin"."""
        return PLATFORMS[self.platform][0]

    @property
    def machine(self) -> str:
        """The value of the marker variable `platform_machine`."""
        return PLATFORMS[self.platform][1]

    @property
    def oldest_system(self) -> tuple[int, int]:
        """The version of glibc or macOS that every file must support."""
        return self.floor or FLOORS[self.sys_platform]

    @property
    def floor_key(self) -> str:
        """The key of the floor in the setting `targets`: `glibc` or `macos`."""
        return FLOOR_KEYS[self.sys_platform]

    @cached_property
    def environment(self) -> Mapping[str, str]:
        """The variables of PEP 508 that markers of locks and requirements use."""
        return {
            "python_version": self.python,
            "python_full_version": self.oldest_python,
            "implementation_name": "cpython",
            "implementation_version": self.oldest_python,
            "platform_python_implementation": "CPython",
            "os_name": "posix",
            "sys_platform": self.sys_platform,
            "platform_system": _SYSTEMS[self.sys_platform],
            "platform_machine": self.machine,
            "platform_release": "",
            "platform_version": "",
        }

    @cached_property
    def interpreter(self) -> Interpreter:
        """The target's Python, as a rebuild would find it on the oldest supported system."""
        major, minor = map(int, self.python.split("."))
        return Interpreter(
            executable=Path(f"python{self.python}"),
            version=(major, minor),
            abiflags="",
            bytecode="",
            platforms=self._platform_tags,
            environment=self.environment,
        )

    def accepts(self, distribution: Wheel | Tarball) -> bool:
        """Return whether the tags of a file fit the target; a tarball always fits."""
        if isinstance(distribution, Tarball):
            return True
        return not self.interpreter.tags.keys().isdisjoint(distribution.tags)

    @property
    def _platform_tags(self) -> tuple[str, ...]:
        if self.sys_platform == "linux":
            return linux_platforms(self.machine, glibc=self.oldest_system)
        return macos_platforms(self.machine, self.oldest_system)

    def __str__(self) -> str:
        return f"Python {self.oldest_python if self.exact else self.python} on {self.platform}"

    @property
    def description(self) -> str:
        """The target with its floor, for the head of a lock."""
        library = "glibc" if self.sys_platform == "linux" else "macOS"
        return f"{self} ({library} {'.'.join(map(str, self.oldest_system))})"


def named_targets(some: Collection[Target], targets: Collection[Target]) -> str:
    """Return the names of some targets for a message; empty for all of them."""
    return "" if set(some) == set(targets) else ", ".join(map(str, some))
