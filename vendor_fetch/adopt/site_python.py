"""Choose the Python that an adopted project is vendored for."""

import re
import sys
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bootstrapper.errors import InputError
from bootstrapper.ve.python.interpreter import LATEST_MINOR, OLDEST
from vendor_fetch.program import program_command
from vendor_fetch.project.default_python import choose_python

_VERSION = re.compile(r"(\d+)\.(\d+)(?:\.\w+)*")


def site_python(root: Path, given: str, found: str, report: Callable[[str], None]) -> str:
    """Return the Python to vendor for, such as "3.12".

    `given` is the version of --python, and `found` the one of a file such as .python-version; they
    are empty if there is none. Then pyproject.toml decides. `report` gets a line if bootstrap.py
    can't run with the result, so that it is the running Python. Raise InputError.
    """
    if given and not _VERSION.fullmatch(given):
        fault = f"{given!r} is not a version such as 3.12"
        raise InputError("--python", fault, program_command("init", "--python", "3.12"))
    content = _pyproject(root)
    required = _value(content, "project", "requires-python")
    if required and not given and not found:
        return choose_python(required)[0]
    named = given or found or _of_poetry(content)
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    match = _VERSION.match(named)
    if not match:
        return running
    version = int(match[1]), int(match[2])
    if version < OLDEST:
        report(
            f"the project names Python {named}; ./bootstrap.py needs {OLDEST[0]}.{OLDEST[1]} or "
            f"later, so the files are for {running}"
        )
        return running
    return f"{version[0]}.{version[1]}"


def _pyproject(root: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):  # the reader of its dependencies reports a fault
        return {}


def _value(content: Mapping[str, Any], *keys: str) -> str:
    """Return the text at nested keys of a table, or an empty one."""
    found: Any = content
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, str) else ""


def _of_poetry(content: Mapping[str, Any]) -> str:
    """Return a Python that Poetry's constraint allows, if possible the running one, or nothing."""
    wish = _value(content, "tool", "poetry", "dependencies", "python")
    if not wish:
        return ""
    from poetry.core.constraints.version import parse_constraint

    try:
        constraint = parse_constraint(wish)
    except ValueError:
        return ""
    minors = dict.fromkeys((sys.version_info.minor, *range(OLDEST[1], LATEST_MINOR + 1)))
    allowed = [
        f"3.{minor}" for minor in minors if constraint.allows_any(parse_constraint(f"~3.{minor}"))
    ]
    return allowed[0] if allowed else wish.lstrip("^~=<>! ")
