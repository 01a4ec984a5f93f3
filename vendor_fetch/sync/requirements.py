"""The requirements of each target, and of each micro version of its Python."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from bootstrapper.ve.project.lockfile import LockedFile
from bootstrapper.ve.standards.requirement import parse_requirement
from vendor_fetch.graph.distributions import Distributions
from vendor_fetch.graph.micro_versions import every_version, markers_of
from vendor_fetch.project.apps_in import apps_in
from vendor_fetch.project.locks import Records
from vendor_fetch.project.project import VendorProject
from vendor_fetch.project.target import Target

Requirements = Mapping[Target, Sequence[str]] | None
"""The lines of each target; None for those of requirements/apps.in."""


def requirements_of(target: Target, requirements: Mapping[Target, Sequence[str]]) -> Sequence[str]:
    """Return the requirements of a target: its own, or those of the version before it."""
    before = [
        each
        for each in requirements
        if (each.python, each.platform) == (target.python, target.platform)
        and each.micro <= target.micro
    ]
    return requirements[max(before, key=lambda each: each.micro)]


def without_repetitions(
    requirements: Mapping[Target, Sequence[str]],
) -> dict[Target, Sequence[str]]:
    """Return the requirements without the micro versions that need the same as the one before."""
    kept: dict[Target, Sequence[str]] = {}
    for target, lines in sorted(requirements.items(), key=lambda each: each[0].micro):
        is_first = not any(
            (each.python, each.platform) == (target.python, target.platform) for each in kept
        )
        if is_first or requirements_of(target, kept) != lines:
            kept[target] = lines
    return kept


def with_every_version(
    project: VendorProject,
    requirements: Requirements,
    files: Iterable[LockedFile],
    records: Records,
) -> VendorProject:
    """Return the project with the micro versions that markers tell apart as targets of their own.

    The markers are those of the requirements, of the files, and of what these require. Raise
    InputError for a wrong apps.in.
    """
    if requirements is None:
        wanted, given = apps_in(project.vendored), list(project.targets)
    else:
        lines = {line for lines in requirements.values() for line in lines}
        wanted, given = [parse_requirement(line) for line in lines], list(requirements)
    markers = markers_of(files, Distributions(project, records), wanted)
    versions = every_version(project.targets, markers)
    return replace(project, targets=tuple(dict.fromkeys([*versions, *given])))
