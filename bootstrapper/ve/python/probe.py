"""The facts of the running Python that markers and wheel tags depend on.

Other interpreters execute the source of this module, so even Python 2 must be able to run it.
"""

import os
import platform
import re
import sys
import sysconfig

if sys.version_info[0] < 3:
    sys.exit("Python %d.%d is too old" % sys.version_info[:2])

import importlib.util

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any  # noqa: F401  (in comments)


def facts():  # type: () -> dict[str, Any]
    """Return the facts in types that JSON knows."""
    glibc = _glibc()
    return {
        "executable": os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable),
        "abiflags": getattr(sys, "abiflags", ""),
        "platform": sysconfig.get_platform(),
        "bits": 64 if sys.maxsize > 2**32 else 32,
        "glibc": glibc,
        "musl": None if glibc else _musl(),
        "macos": _macos(),
        "bytecode": sys.implementation.cache_tag + "-" + importlib.util.MAGIC_NUMBER.hex(),
        "environment": {
            "os_name": os.name,
            "sys_platform": sys.platform,
            "platform_machine": platform.machine(),
            "platform_python_implementation": platform.python_implementation(),
            "platform_release": platform.release(),
            "platform_system": platform.system(),
            "platform_version": platform.version(),
            "python_version": "%d.%d" % sys.version_info[:2],
            "python_full_version": platform.python_version(),
            "implementation_name": sys.implementation.name,
            "implementation_version": _full(sys.implementation.version),
        },
    }


def _full(info):  # type: (Any) -> str
    text = "%d.%d.%d" % (info.major, info.minor, info.micro)
    return text if info.releaselevel == "final" else text + info.releaselevel[0] + str(info.serial)


def _glibc():  # type: () -> list[int] | None
    try:
        version = str(os.confstr("CS_GNU_LIBC_VERSION")).split()[1]
        return [int(part) for part in version.split(".")[:2]]
    except (AttributeError, IndexError, OSError, ValueError):
        return None


def _macos():  # type: () -> list[int] | None
    """Return the version of macOS."""
    version = platform.mac_ver()[0]
    if version.startswith("10.16"):
        # Pythons that were built for macOS 10 get this number on all later ones.
        import subprocess

        version = subprocess.check_output(
            [
                sys.executable,
                "-E",
                "-s",
                "-S",
                "-c",
                "import platform; print(platform.mac_ver()[0])",
            ],
            env={"SYSTEM_VERSION_COMPAT": "0"},
        ).decode()
    numbers = re.match(r"(\d+)(?:\.(\d+))?", version)
    return [int(numbers.group(1)), int(numbers.group(2) or 0)] if numbers else None


def _musl():  # type: () -> list[int] | None
    """Return musl's version. Its loader prints it when it is executed (PEP 656)."""
    import subprocess

    maps = ""
    try:
        with open("/proc/self/maps") as lines:
            maps = lines.read()
    except OSError:
        pass
    loader = re.search(r"(/\S*/ld-musl-\S+)", maps)
    if not loader:
        return None
    output = subprocess.run([loader.group(1)], stderr=subprocess.PIPE).stderr.decode()
    version = re.search(r"Version (\d+)\.(\d+)", output)
    return [int(version.group(1)), int(version.group(2))] if version else None
