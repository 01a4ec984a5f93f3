"""The micro versions of a target's Python at which markers of its files change their result.

A target is `Python 3.12`, and stands for each 3.12.x that `requires-python` allows. A requirement
with the marker `python_full_version >= "3.12.4"` is for some of them only. A marker can change its
result at a version that it names, and at the next one. So a few versions stand for all of them.
"""

import re
from collections.abc import Iterable, Iterator

from bootstrapper.errors import WorkFailed
from bootstrapper.ve.project.lockfile import LockedFile
from bootstrapper.ve.standards.marker import Marker
from bootstrapper.ve.standards.requirement import Requirement
from bootstrapper.ve.standards.version import Version, matches
from vendor_fetch.graph.distributions import Distributions
from vendor_fetch.project.target import Target

_FULL_VERSION = re.compile(r"python_full_version|implementation_version")
_TEXT = re.compile(r"""'([^']*)'|"([^"]*)\"""")
# Python will not release higher numbers.
_LATEST_MICRO = 99


def every_version(targets: Iterable[Target], markers: Iterable[Marker]) -> tuple[Target, ...]:
    """Return each target, followed by itself at each later version at which a marker changes."""
    by_text = {marker.text: marker for marker in markers if _FULL_VERSION.search(marker.text)}
    return tuple(
        version
        for target in targets
        for version in (target, *_later_versions(target, by_text.values()))
    )


def markers_of(
    files: Iterable[LockedFile], distributions: Distributions, requirements: Iterable[Requirement]
) -> Iterator[Marker]:
    """Yield the markers of requirements, of the lines of files, and of what these files require.

    A file that can't be read has no requirements.
    """
    for requirement in requirements:
        if requirement.marker:
            yield requirement.marker
    for file in files:
        if file.marker:
            yield file.marker
        try:
            required = distributions.dependencies(file).requirements
        except WorkFailed:
            continue
        for requirement in required:
            if requirement.marker:
                yield requirement.marker


def _later_versions(target: Target, markers: Iterable[Marker]) -> Iterator[Target]:
    """Yield the target at each later allowed version at which a marker changes."""
    before = target
    for micro in sorted({each for marker in markers for each in _named_micros(target, marker)}):
        allowed = _first_allowed(target, micro)
        if allowed is None or allowed <= before.micro:
            continue
        version = target.at(allowed)
        if any(_changes(marker, before, version) for marker in markers):
            yield version
            before = version


def _named_micros(target: Target, marker: Marker) -> set[int]:
    """Return the micro versions of the target's Python that a marker names, and the next ones."""
    pattern = rf"(?<![\d.]){re.escape(target.python)}(?:\.(\d{{1,2}}))?(?!\d)"
    named = {int(micro or 0) for micro in re.findall(pattern, marker.text)}
    return named | {micro + 1 for micro in named}


def _first_allowed(target: Target, micro: int) -> int | None:
    """Return the first micro version from a number on that `requires-python` allows."""
    for number in range(micro, _LATEST_MICRO + 1):
        if matches(Version(f"{target.python}.{number}"), target.required):
            return number
    return None


def _changes(marker: Marker, before: Target, after: Target) -> bool:
    """Return whether two versions give a marker different results, whatever the extra is."""
    extras = {"", *(one or other for one, other in _TEXT.findall(marker.text))}
    return any(
        marker.holds({**before.environment, "extra": extra})
        != marker.holds({**after.environment, "extra": extra})
        for extra in extras
    )
