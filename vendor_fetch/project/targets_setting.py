"""Read `targets` in [tool.vendor_fetch]: the Pythons and platforms to fetch files for."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bootstrapper.spelling import did_you_mean
from bootstrapper.ve.python.interpreter import OLDEST
from bootstrapper.ve.python.required_python import allowed_pythons
from vendor_fetch.project.pyproject import setting_error
from vendor_fetch.project.target import FLOOR_KEYS, FLOORS, PLATFORMS, Target

_ENTRY = '{ python = "3.12", platform = "linux-x86_64" }'
_EXAMPLE = f"targets = [{_ENTRY}]"
_KEYS = ("python", "platform", "glibc", "macos")
_OLDEST_PYTHON = f"{OLDEST[0]}.{OLDEST[1]}"


class _InvalidTarget(ValueError):
    """A target is wrong; the text says why."""


def read_targets(directory: Path, value: Any, required: str) -> tuple[Target, ...]:
    """Return the targets of the setting. Raise InputError with its line in pyproject.toml.

    `required` is `requires-python`, which must allow the Python of each target.
    """
    if not isinstance(value, list) or not value:
        raise setting_error(directory, "targets", f"targets is {value!r}, not a list", _EXAMPLE)
    pythons = allowed_pythons(required)
    found: list[Target] = []
    for number, entry in enumerate(value, 1):
        try:
            target = _target(entry, pythons, required)
            if (target.python, target.platform) in {(each.python, each.platform) for each in found}:
                raise _InvalidTarget(
                    f"{target} is in the list twice; a marker can't tell two of them apart, so "
                    "there is one floor for each"
                )
        except _InvalidTarget as error:
            fault = f"target {number}: {error}"
            raise setting_error(directory, "targets", fault, _EXAMPLE, item=number) from None
        found.append(target)
    return tuple(found)


def _target(entry: Any, pythons: Mapping[str, int], required: str) -> Target:
    if not isinstance(entry, Mapping):
        raise _InvalidTarget(f"{entry!r} is not a table such as {_ENTRY}")
    for key in entry:
        if key not in _KEYS:
            raise _InvalidTarget(
                f"{key!r} is not one of {', '.join(_KEYS)}{did_you_mean(key, _KEYS)}"
            )
    platform = _platform(entry.get("platform"))
    python = _python(entry.get("python"), pythons, required)
    system = PLATFORMS[platform][0]
    for other, key in FLOOR_KEYS.items():
        if other != system and key in entry:
            raise _InvalidTarget(f"{key} is no floor of {platform}; it has {FLOOR_KEYS[system]}")
    return Target(
        python=python,
        platform=platform,
        floor=_floor(entry, FLOOR_KEYS[system], FLOORS[system]),
        micro=pythons[python],
        required=required,
    )


def _platform(value: Any) -> str:
    if isinstance(value, str) and value in PLATFORMS:
        return value
    text = str(value).lower()
    if "musl" in text or "alpine" in text:
        raise _InvalidTarget(
            f"platform {value!r}: a marker can't tell musl from glibc in a file that pip reads, so "
            "files for both can't be in one lock"
        )
    if "win" in text and "darwin" not in text:
        raise _InvalidTarget(
            f"platform {value!r}: Windows has no mod_wsgi, and can't exchange two directories by "
            "one rename, on which a rebuild relies"
        )
    fault = "platform is missing" if value is None else f"platform {value!r} is unknown"
    raise _InvalidTarget(f"{fault}; it can be {', '.join(PLATFORMS)}")


def _python(value: Any, pythons: Mapping[str, int], required: str) -> str:
    if value is None:
        raise _InvalidTarget('python is missing; it is a version of two numbers, such as "3.12"')
    if not isinstance(value, str) or not re.fullmatch(r"\d+\.\d+", value):
        raise _InvalidTarget(
            f'python {value!r} is not the text of a version with two numbers, such as "3.12"'
        )
    numbers = tuple(map(int, value.split(".")))
    if numbers < OLDEST:
        raise _InvalidTarget(
            f"Python {value} is too old: ./bootstrap.py needs {_OLDEST_PYTHON} or later"
        )
    if value not in pythons:
        raise _InvalidTarget(
            f"requires-python = {required!r} does not allow Python {value}"
            if required
            else f"there is no Python {value}"
        )
    return value


def _floor(entry: Mapping[str, Any], key: str, default: tuple[int, int]) -> tuple[int, int]:
    value = entry.get(key)
    if value is None:
        return default
    match = re.fullmatch(r"(\d{1,2})(?:\.(\d{1,2}))?", value) if isinstance(value, str) else None
    if not match:
        example = ".".join(map(str, default))
        raise _InvalidTarget(f'{key} {value!r} is not the text of a version, such as "{example}"')
    floor = (int(match[1]), int(match[2] or 0))
    if key == "glibc" and (floor[0] != 2 or floor < (2, 17)):
        raise _InvalidTarget(
            f"glibc {value} is not supported: the oldest is 2.17, for which manylinux2014 wheels are"
        )
    if key == "macos" and floor < (10, 9):
        raise _InvalidTarget(f"macOS {value} is not supported: the oldest is 10.9")
    return floor
