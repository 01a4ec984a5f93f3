"""The oldest system of a target that a wheel needs: a version of glibc or macOS."""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from bootstrapper.ve.standards.filename import InvalidFilename, Wheel, parse_filename
from vendor_fetch.project.target import Target

_VERSION = re.compile(r"(?:manylinux|macosx)_(\d{1,3})_(\d{1,3})_")


def floor_needed(wheels: Iterable[str], target: Target) -> tuple[int, int] | None:
    """Return the lowest floor with which a target would take one of the wheels, by their file names.

    It is the target's own one if a wheel fits already, and None if none fits for another reason: it
    is for another Python, machine or C library.
    """
    tags = {tag for wheel in wheels for tag in _tags(wheel)}
    return _lowest(tags, target, lambda later: later.interpreter.tags)


def floor_for_platforms(platforms: Iterable[str], target: Target) -> tuple[int, int] | None:
    """Return the lowest floor with which a target accepts one of the platform tags; None for none."""
    return _lowest(set(platforms), target, lambda later: later.interpreter.platforms)


def _lowest(
    tags: set[str], target: Target, accepted: Callable[[Target], Iterable[str]]
) -> tuple[int, int] | None:
    named = {(int(major), int(minor)) for tag in tags for major, minor in _VERSION.findall(tag)}
    for floor in sorted(named):
        later = replace(target, floor=max(floor, target.oldest_system))
        if not tags.isdisjoint(accepted(later)):
            return later.floor
    return None


def floor_setting(target: Target, floor: tuple[int, int]) -> str:
    """Return the key of a target with a floor: `glibc = "2.34"`."""
    return f'{target.floor_key} = "{floor[0]}.{floor[1]}"'


def _tags(filename: str) -> tuple[str, ...]:
    try:
        distribution = parse_filename(filename)
    except InvalidFilename:
        return ()
    return distribution.tags if isinstance(distribution, Wheel) else ()
