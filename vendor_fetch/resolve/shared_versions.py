"""Resolve for several targets so that they share one version of each package where they can."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from bootstrapper.errors import WorkFailed
from bootstrapper.ve.standards.version import InvalidVersion, Version
from vendor_fetch.index.page_cache import PageCache
from vendor_fetch.project.target import Target
from vendor_fetch.resolve.resolver import Package

Pins = Mapping[str, str]
Resolutions = dict[Target, list[Package]]
_Choose = Callable[[Iterable[str]], str]

# Each round settles the packages that the last one has made different.
_MOST_ROUNDS = 8


class ResolveTarget(Protocol):
    """Resolve for one target, keeping the versions in the pins where it can.

    Raise WorkFailed if the requirements and the constraints can't be satisfied.
    """

    def __call__(
        self, target: Target, pins: Pins, constraints: Sequence[str] = ()
    ) -> list[Package]: ...


def resolve_targets(
    targets: Sequence[Target], resolve: ResolveTarget, pinned: Mapping[Target, Pins]
) -> Resolutions:
    """Return the packages of each target, with two versions of one only if targets need them.

    If two targets get different versions, all are resolved again with the oldest of them, because
    what an older Python allows fits a later one more often than the other way round; then with the
    newest; and then with every version that is not newer than the oldest. No target loses a wheel
    for a tarball by that.
    """
    # A page that the index was asked for is not asked for again, if the runs follow each other.
    first = {target: resolve(target, pinned[target]) for target in leaders(targets)}
    others = {target: pinned[target] for target in targets if target not in first}
    found = first | resolve_again(resolve, others)
    results = {target: found[target] for target in targets}
    for choose in (_oldest, _newest):
        results = _agree(results, resolve, choose)
    for name in different_versions(results):
        results = _bound(name, results, resolve)
    return results


def page_cache(directory: Path, targets: Sequence[Target]) -> PageCache:
    """Return the age of cached pages in a command for these targets."""
    return PageCache(directory, leaders(targets), shared=len(targets) > 1)


def leaders(targets: Iterable[Target]) -> list[Target]:
    """Return the first targets in which every Python and every platform of the targets occurs.

    What a package needs depends on them, so together they need nearly all pages.
    """
    found: list[Target] = []
    pythons: set[str] = set()
    platforms: set[str] = set()
    waiting = list(targets)
    while waiting:
        best = max(
            waiting,
            key=lambda each: (each.python not in pythons) + (each.platform not in platforms),
        )
        if best.python in pythons and best.platform in platforms:
            break
        waiting.remove(best)
        found.append(best)
        pythons.add(best.python)
        platforms.add(best.platform)
    return found


def _agree(results: Resolutions, resolve: ResolveTarget, choose: _Choose) -> Resolutions:
    """Resolve again with a chosen version of each package that targets have different versions of."""
    settled: set[str] = set()
    for _ in range(_MOST_ROUNDS):
        shared = {
            name: choose(versions)
            for name, versions in different_versions(results).items()
            if name not in settled
        }
        if not shared:
            break
        settled |= shared.keys()
        changed = [target for target in results if _differs(results[target], shared)]
        pins = {target: _versions(results[target]) | shared for target in changed}
        results = _better(results, resolve_again(resolve, pins))
    return results


def _bound(name: str, results: Resolutions, resolve: ResolveTarget) -> Resolutions:
    """Search a version of a package for all targets among those that are not newer than the oldest."""
    trial = results
    while versions := different_versions(trial).get(name):
        constraint = f"{name}<={_oldest(versions)}"
        pins = {target: _versions(packages) for target, packages in trial.items()}
        try:
            again = resolve_again(resolve, pins, [constraint])
        except WorkFailed:
            return results
        if versions.keys() == different_versions(again).get(name, {}).keys():
            return results
        trial = again
    return _better(results, trial)


def _better(results: Resolutions, again: Resolutions) -> Resolutions:
    """Return the new results of the targets that lose no wheel, if fewer packages are different."""
    merged = results | {
        target: packages
        for target, packages in again.items()
        if not loses_wheels(results[target], packages)
    }
    if len(different_versions(merged)) < len(different_versions(results)):
        return merged
    return results


def loses_wheels(before: Iterable[Package], after: Iterable[Package]) -> bool:
    """Return whether a package that was a wheel is a tarball after a change."""
    had = {package.name for package in before if package.wheels}
    return any(package.name in had and not package.wheels for package in after)


def different_versions(results: Resolutions) -> dict[str, dict[str, list[Target]]]:
    """Return the packages of which targets need different versions, with the targets of each."""
    versions: dict[str, dict[str, list[Target]]] = {}
    for target, packages in results.items():
        for package in packages:
            if not package.path:
                versions.setdefault(package.name, {}).setdefault(package.version, []).append(target)
    return {name: found for name, found in versions.items() if len(found) > 1}


def resolve_again(
    resolve: ResolveTarget, pins: Mapping[Target, Pins], constraints: Sequence[str] = ()
) -> Resolutions:
    """Resolve for each target that has pins, several at a time: other processes do the work."""
    if len(pins) == 1:
        return {target: resolve(target, pins[target], constraints) for target in pins}
    with ThreadPoolExecutor() as pool:
        packages = pool.map(lambda target: resolve(target, pins[target], constraints), pins)
        return dict(zip(pins, packages, strict=True))


def _versions(packages: Iterable[Package]) -> dict[str, str]:
    return {package.name: package.version for package in packages}


def _differs(packages: Iterable[Package], shared: Mapping[str, str]) -> bool:
    return any(shared.get(each.name, each.version) != each.version for each in packages)


def _oldest(versions: Iterable[str]) -> str:
    return min(versions, key=_order)


def _newest(versions: Iterable[str]) -> str:
    return max(versions, key=_order)


def _order(version: str) -> tuple[int, Version, str]:
    try:
        return 1, Version(version), version
    except InvalidVersion:
        return 0, Version("0"), version
