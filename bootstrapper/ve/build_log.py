"""What a failed build has said: its last lines, and what they mean."""

import re
from collections.abc import Sequence
from pathlib import Path

from bootstrapper.errors import WorkFailed
from bootstrapper.ve import undeclared
from bootstrapper.ve.lockfile import LockedFile

SHOWN_LINES = 15
_TAIL_BYTES = 1 << 16

# What the build wants of the system, by the words of those who miss it: setuptools and
# distutils, the kernel, Meson, CMake, the C compilers.
_MISSES = (
    (re.compile(r"command '([^']+)' failed: No such file or directory"
                r"|No such file or directory: '([^']*(?:cc|c\+\+|g\+\+|clang)[^']*)'"
                r"|Unknown compiler\(s\): \[\['([^']+)"
                r"|(?:No )?(CMAKE_C(?:XX)?_COMPILER) (?:could be found|not set)"),
     "a C compiler", "install one (Debian: apt-get install build-essential), then: ./bootstrap.py"),
    (re.compile(r"fatal error: '?(Python\.h)'?[: ]|(Python\.h): No such file"),
     "Python's header files",
     "install them (Debian: apt-get install python3-dev), then: ./bootstrap.py"),
    (re.compile(r"fatal error: '?([^\s':]+)'?(?:: No such file| file not found)"),
     "the header files of a library",
     "install them (Debian: apt-file search tells the package), then: ./bootstrap.py"),
)


def failure(file: LockedFile, log: Path, build_requires: Sequence[str] = ()) -> WorkFailed:
    """The error about a tarball whose build has failed; `build_requires` are the project's."""
    with log.open("rb") as stream:
        stream.seek(max(0, log.stat().st_size - _TAIL_BYTES))
        text = stream.read().decode(errors="replace").rstrip()
    last = "\n    ".join(text.splitlines()[-SHOWN_LINES:])
    shown = f":\n    {last}\n  all of its output: {log}"
    for pattern, what, next_step in _MISSES:
        if match := pattern.search(text):
            name = next(filter(None, match.groups()))
            return WorkFailed(str(file.path), f"to be built it wants {what}, and there is no "
                              f"{name} here{shown}", next_step)
    if setting := undeclared.setting(text, build_requires):
        return WorkFailed(str(file.path), "to be built it imports what it does not declare"
                          f"{shown}", f"write {setting} into [tool.vendor_fetch] of "
                          "pyproject.toml, then: make vendor")
    return WorkFailed(str(file.path), f"no wheel could be built of it{shown}",
                      "ask for another version of it in requirements/apps.in, then: make vendor")
