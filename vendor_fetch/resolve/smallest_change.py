"""Change as few locked versions as possible."""

from collections.abc import Collection, Mapping

from bootstrapper.errors import WorkFailed
from vendor_fetch.project.target import Target
from vendor_fetch.resolve.shared_versions import (
    Pins,
    Resolutions,
    ResolveTarget,
    loses_wheels,
    resolve_again,
)

# An index with more versions than this between two solutions does not exist.
_MOST_STEPS = 20


def newest_versions(
    results: Resolutions,
    resolve: ResolveTarget,
    pins: Mapping[Target, Pins],
    names: Collection[str],
) -> tuple[Resolutions, list[str]]:
    """Return results with the newest versions of the named packages that have any solution.

    A resolver that prefers the locked versions of other packages may stop at an older one. The
    second value are the constraints that lead to the results.
    """
    constraints: list[str] = []
    for name in sorted(names):
        for _ in range(_MOST_STEPS):
            found = {
                package.version
                for packages in results.values()
                for package in packages
                if package.name == name and not package.path
            }
            if len(found) != 1:
                break
            [version] = found
            try:
                results = resolve_again(resolve, pins, [*constraints, f"{name}>{version}"])
            except WorkFailed:
                constraints.append(f"{name}=={version}")
                break
    return results, constraints


def keep_versions(
    results: Resolutions,
    resolve: ResolveTarget,
    pins: Mapping[Target, Pins],
    constraints: list[str],
    free: Collection[str],
) -> Resolutions:
    """Return results in which no package has left its pin that could stay, but the `free` ones.

    Each package that has moved is tried with its old version, one after the other.
    """
    for name, version in _moved(results, pins, free).items():
        trial = [*constraints, f"{name}=={version}"]
        try:
            again = resolve_again(resolve, pins, trial)
        except WorkFailed:
            continue
        if not any(loses_wheels(results[target], again[target]) for target in again):
            results, constraints = again, trial
    return results


def _moved(
    results: Resolutions, pins: Mapping[Target, Pins], free: Collection[str]
) -> dict[str, str]:
    """Return the packages that have left their pin, with the pinned version.

    Those with different pins for several targets are left out.
    """
    pinned: dict[str, set[str]] = {}
    moved = set()
    for target, packages in results.items():
        for package in packages:
            version = pins[target].get(package.name)
            if version and not package.path and package.name not in free:
                pinned.setdefault(package.name, set()).add(version)
                if package.version != version:
                    moved.add(package.name)
    return {name: next(iter(pinned[name])) for name in sorted(moved) if len(pinned[name]) == 1}
