"""Choose the Python that an adopted project is vendored for."""

import configparser
import re
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bootstrapper.errors import InputError
from bootstrapper.ve.python.interpreter import LATEST_MINOR, OLDEST
from bootstrapper.ve.python.required_python import allowed_pythons
from vendor_fetch.adopt.named_python import named_python
from vendor_fetch.program import program_command
from vendor_fetch.project.default_python import choose_python

_VERSION = re.compile(r"(\d+)\.(\d+)(?:\.\w+)*")
_RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"


def site_python(root: Path, given: str, report: Callable[[str], None]) -> str:
    """Return the Python to vendor for, such as "3.12".

    `given` is the version of --python; without it, a file such as .python-version decides, then the
    range of Pythons that the project allows. `report` gets a line if bootstrap.py can't run with the
    result, so that it is the running Python. Raise InputError.
    """
    if given and not _VERSION.fullmatch(given):
        fault = f"{given!r} is not a version such as 3.12"
        raise InputError("--python", fault, program_command("init", "--python", "3.12"))
    named = given or named_python(root)
    if not named:
        content = _pyproject(root)
        if required := _value(content, "project", "requires-python"):
            return choose_python(required)[0]
        poetry = _value(content, "tool", "poetry", "dependencies", "python")
        named = _of_poetry(poetry) if poetry else _of_setup_cfg(root)
    match = _VERSION.match(named)
    if not match:
        return _RUNNING
    version = int(match[1]), int(match[2])
    if version < OLDEST:
        report(
            f"the project names Python {named}; ./bootstrap.py needs {OLDEST[0]}.{OLDEST[1]} or "
            f"later, so the files are for {_RUNNING}"
        )
        return _RUNNING
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


def _of_poetry(wish: str) -> str:
    """Return a Python that Poetry's constraint allows, if possible the running one, or nothing."""
    from poetry.core.constraints.version import parse_constraint

    try:
        constraint = parse_constraint(wish)
    except ValueError:
        return ""
    minors = range(OLDEST[1], LATEST_MINOR + 1)
    return _preferred(
        [
            f"3.{minor}"
            for minor in minors
            if constraint.allows_any(parse_constraint(f"~3.{minor}"))
        ],
        wish,
    )


def _of_setup_cfg(root: Path) -> str:
    """Return a Python that setup.cfg allows, if possible the running one, or nothing."""
    settings = configparser.ConfigParser(interpolation=None)
    try:
        settings.read(root / "setup.cfg", encoding="utf-8")
    except (configparser.Error, ValueError):  # the reader of its dependencies reports a fault
        return ""
    required = settings.get("options", "python_requires", fallback="")
    return _preferred(list(allowed_pythons(required)), required) if required else ""


def _preferred(allowed: Sequence[str], wish: str) -> str:
    """Return the running Python if it is allowed, else the oldest; else the version of the wish."""
    if _RUNNING in allowed or not allowed:
        return _RUNNING if allowed else wish.lstrip("^~=<>! ")
    return allowed[0]
