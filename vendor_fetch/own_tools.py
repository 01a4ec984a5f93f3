"""Run a command again in `.tools/` if the Python that runs it lacks a library.

A user types `ve/bin/python -m vendor_fetch …` in any project. The ve has this package, and neither uv
nor the other libraries: they are no part of what the project deploys. `.tools/` beside it has them.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from bootstrapper.ve.project.lockfile import SOURCE
from bootstrapper.ve.standards.filename import InvalidFilename, Wheel, parse_filename
from bootstrapper.ve.standards.version import InvalidVersion, Version
from vendor_fetch.download.cache import cache_directory
from vendor_fetch.environment import set_up
from vendor_fetch.program import TYPED, TYPED_VARIABLE

_DISTRIBUTION = "bootstrapper"


def run_in_tools(directory: Path, arguments: Sequence[str]) -> None:
    """Set up `.tools/` of a project, and replace this process by the same command there.

    Return if the project does not carry the wheel of this package, or if this is that process
    already. Raise WorkFailed or OSError if the set-up fails.
    """
    wheel = _own_wheel(directory)
    if not wheel or TYPED_VARIABLE in os.environ:
        return
    tools = directory.absolute() / ".tools"
    set_up(tools, cache_directory() / "tools", wheel, say=_say)
    python = str(tools / "bin/python")
    sys.stdout.flush()
    environment = {**os.environ, TYPED_VARIABLE: TYPED}
    os.execve(python, [python, "-P", "-m", "vendor_fetch", *arguments], environment)


def _say(line: str) -> None:
    """Print to standard error: standard output is for the command, and may be JSON."""
    print(line, file=sys.stderr, flush=True)


def _own_wheel(directory: Path) -> Path | None:
    """Return the newest wheel of this package among the vendored files; None without one."""
    found = []
    for path in (directory / SOURCE).glob(f"{_DISTRIBUTION}-*.whl"):
        try:
            name = parse_filename(path.name)
            if isinstance(name, Wheel) and name.name == _DISTRIBUTION:
                found.append((Version(name.version), path))
        except (InvalidFilename, InvalidVersion):
            continue
    return max(found)[1].absolute() if found else None
