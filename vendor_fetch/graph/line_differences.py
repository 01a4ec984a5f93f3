"""Compare the addresses, the hashes and the constraints in apps.in with the lock."""

from collections.abc import Collection, Iterator, Sequence

from bootstrapper.ve.project.lockfile import APPS, LockedFile
from vendor_fetch.project.apps_in import (
    accepted_hashes,
    constraints_with_lines,
    direct_references,
)
from vendor_fetch.project.locks import files_for_target
from vendor_fetch.project.origins import read_origins
from vendor_fetch.project.project import APPS_IN, VendorProject
from vendor_fetch.project.source_tree import has_changed
from vendor_fetch.project.target import Target, named_targets


def line_differences(project: VendorProject, apps: Sequence[LockedFile]) -> Iterator[str]:
    """Yield what the lines of apps.in ask for and apps.txt does not have. Raise InputError."""
    yield from _addresses(project)
    for name, hashes in accepted_hashes(project).items():
        for file in apps:
            if file.distribution.name == name and not hashes & set(file.sha256):
                yield f"{file.place}: {file.path.name} has none of the hashes that {APPS_IN} has"
    yield from _constraints(project, apps)


def for_targets(targets: Collection[Target], project: VendorProject) -> str:
    """Return ` (for …)`, or nothing if it is for all targets."""
    text = named_targets(targets, project.targets)
    return f" (for {text})" if text else ""


def _addresses(project: VendorProject) -> Iterator[str]:
    origins = read_origins(project.vendored)
    for line, requirement, reference in direct_references(project):
        origin = origins.get(requirement.path.name) if requirement.path else None
        if not origin:
            yield f"{APPS}: lacks {requirement.text}, which {line.place} asks for"
        elif has_changed(project.directory, reference, origin):
            yield f"{line.place}: {reference.address} has changed since it was vendored"


def _constraints(project: VendorProject, apps: Sequence[LockedFile]) -> Iterator[str]:
    for line, constraint in constraints_with_lines(project.vendored):
        targets: dict[str, list[Target]] = {}
        for target in project.targets:
            if constraint.applies(target.environment):
                for file in files_for_target(apps, target):
                    if file.distribution.name == constraint.name and not constraint.allows(
                        file.distribution.version
                    ):
                        targets.setdefault(file.path.name, []).append(target)
        for name, having in targets.items():
            yield f"{APPS}: has {name}, {line.place} allows {constraint.text}" + for_targets(
                having, project
            )
