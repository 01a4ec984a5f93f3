"""Write the marker of a locked file: for which targets it is installed.

A marker begins with what the tags of a wheel say: a wheel of one Python's ABI fits that Python, one
of the stable ABI its Python and later ones, a compiled wheel its platform. If that does not tell
the targets that take the file from the others, comparisons are added, as few as possible. The C
library is not part of a marker: the tags say which one a wheel needs.

If only some micro versions of a Python take a file, its marker compares `python_full_version`. An
installer rejects a file whose own Requires-Python excludes its micro version, so a line without
that comparison would be wrong, although most packages do no harm where nothing needs them.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from bootstrapper.ve.standards.filename import Wheel, parse_filename
from bootstrapper.ve.standards.marker import Marker
from vendor_fetch.project.target import Target


@dataclass(frozen=True)
class _Comparison:
    """One comparison of a marker."""

    variable: str
    operator: str
    value: str

    def __str__(self) -> str:
        return f'{self.variable} {self.operator} "{self.value}"'

    def holds(self, target: Target) -> bool:
        has = target.environment[self.variable]
        if self.operator == "==":
            return has == self.value
        if self.operator == "<":
            return _number(has) < _number(self.value)
        return _number(has) >= _number(self.value)


_All = tuple[_Comparison, ...]
_VARIABLES = ("sys_platform", "python_version", "platform_machine", "python_full_version")


def marker_for(filename: str, takers: Collection[Target], targets: Collection[Target]) -> str:
    """Return the marker of a file that the `takers` among the targets install.

    It is empty if every target takes the file and the file fits everywhere. If the file fits none of
    the takers, it is what the tags say.
    """
    others = [target for target in targets if target not in takers]
    if not others and not _python_of(filename) and not _platform_of(filename):
        return ""
    candidates = sorted(_conjunctions(filename, takers, targets), key=_length)
    safe = [each for each in candidates if not any(_hold(each, target) for target in others)]
    for each in safe:
        if all(_hold(each, target) for target in takers):
            return _text(each)
    cover = _cover(safe, takers) or [(*_python_of(filename), *_platform_of(filename))]
    if len(cover) == 1:
        return _text(cover[0])
    return " or ".join(f"({_text(each)})" if each[1:] else _text(each) for each in cover)


def marker_or_none(
    filename: str, takers: Collection[Target], targets: Collection[Target]
) -> Marker | None:
    """Return the parsed marker of `marker_for`; None if it is empty."""
    text = marker_for(filename, takers, targets)
    return Marker(text) if text else None


def _conjunctions(
    filename: str, takers: Iterable[Target], targets: Iterable[Target]
) -> Iterator[_All]:
    """Yield conjunctions that imply what the file's tags say."""
    takers = list(takers)
    python, platform = _python_of(filename), _platform_of(filename)
    named = {each.variable for each in platform}
    systems, machines = (
        [(), *((_Comparison(variable, "==", value),) for value in values)]
        if variable not in named
        else [()]
        for variable, values in (
            ("sys_platform", sorted({target.sys_platform for target in takers})),
            ("platform_machine", sorted({target.machine for target in takers})),
        )
    )
    for versions, micros, system, machine in product(
        _versions(python, takers, targets), _micro_versions(takers, targets), systems, machines
    ):
        yield (*versions, *micros, *platform, *system, *machine)


def _micro_versions(takers: Collection[Target], targets: Iterable[Target]) -> list[_All]:
    """Return the comparisons of `python_full_version` that may be needed: mostly none."""
    places = {(target.python, target.platform) for target in takers}
    divided = {
        target.python
        for target in targets
        if target not in takers and (target.python, target.platform) in places
    }
    versions = sorted(
        {each.oldest_python for each in targets if each.exact and each.python in divided},
        key=_number,
    )
    later = [_Comparison("python_full_version", ">=", each) for each in versions]
    below = [_Comparison("python_full_version", "<", each) for each in versions]
    return [
        (),
        *((each,) for each in (*later, *below)),
        *((first, last) for first, last in product(later, below)),
    ]


def _versions(python: _All, takers: Iterable[Target], targets: Iterable[Target]) -> Iterator[_All]:
    """Yield the comparisons of `python_version` that imply those of the tags, `python`."""
    yield python
    if any(each.operator == "==" for each in python):
        return
    taking = sorted({target.python for target in takers}, key=_number)
    every = sorted({target.python for target in targets}, key=_number)
    exact: list[_All] = [(_Comparison("python_version", "==", each),) for each in taking]
    later = [_Comparison("python_version", ">=", each) for each in every]
    below = [_Comparison("python_version", "<", each) for each in every]
    yield from exact
    yield from ((*python, each) for each in below)
    yield from ((each,) for each in later if _implies(each, python))
    yield from ((first, last) for first, last in product(later, below) if _implies(first, python))


def _implies(later: _Comparison, python: _All) -> bool:
    return all(_number(later.value) >= _number(each.value) for each in python)


def _cover(safe: list[_All], takers: Iterable[Target]) -> list[_All]:
    """Return few conjunctions that together hold for all takers that the file fits."""
    left, chosen = set(takers), []
    while left:
        best = max(
            safe, key=lambda each: (sum(_hold(each, t) for t in left), -len(each)), default=()
        )
        held = {target for target in left if _hold(best, target)}
        if not best or not held:
            break
        chosen.append(best)
        left -= held
    return chosen


def _hold(comparisons: _All, target: Target) -> bool:
    return all(each.holds(target) for each in comparisons)


def _length(comparisons: _All) -> tuple[int, list[int]]:
    """Order by the number of comparisons; the system comes before the Python and the machine."""
    return len(comparisons), [_VARIABLES.index(each.variable) for each in comparisons]


def _text(comparisons: _All) -> str:
    return " and ".join(map(str, comparisons))


def _python_of(filename: str) -> _All:
    """Return the comparison with the Python version that the tags of a file imply, or nothing."""
    exact: set[str] = set()
    oldest: set[str] = set()
    for tag in _tags(filename):
        python, abi, _ = tag.split("-")
        match = re.fullmatch(r"(cp|py)(\d)(\d+)", python)
        if not match:
            return ()
        version = f"{match[2]}.{match[3]}"
        (exact if match[1] == "cp" and abi != "abi3" else oldest).add(version)
    if len(exact) == 1 and not oldest:
        return (_Comparison("python_version", "==", exact.pop()),)
    if oldest:
        return (_Comparison("python_version", ">=", min(oldest | exact, key=_number)),)
    return ()


def _platform_of(filename: str) -> _All:
    """Return the comparisons with the platform that the tags of a file imply."""
    platforms = {tag.rpartition("-")[2] for tag in _tags(filename)}
    if not platforms or "any" in platforms:
        return ()
    systems = {"darwin" if each.startswith("macosx_") else "linux" for each in platforms}
    machines = {
        match[1] for each in platforms if (match := re.search(r"_(x86_64|aarch64|arm64)$", each))
    }
    comparisons = []
    if len(systems) == 1:
        comparisons.append(_Comparison("sys_platform", "==", *systems))
    # A universal2 wheel is for two machines.
    if len(machines) == 1 and not any(each.endswith("_universal2") for each in platforms):
        comparisons.append(_Comparison("platform_machine", "==", *machines))
    return tuple(comparisons)


def _tags(filename: str) -> tuple[str, ...]:
    distribution = parse_filename(filename)
    return distribution.tags if isinstance(distribution, Wheel) else ()


@lru_cache(maxsize=1024)  # the same few versions are compared for each file
def _number(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
