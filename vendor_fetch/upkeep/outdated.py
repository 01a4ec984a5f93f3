"""Find the vendored packages of which the index has newer versions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bootstrapper.errors import WorkFailed
from bootstrapper.ve.project.lockfile import LockedFile
from bootstrapper.ve.standards.version import InvalidVersion, Version
from vendor_fetch.download.cache import cache_directory
from vendor_fetch.download.fetch import is_offline
from vendor_fetch.index.index import Index
from vendor_fetch.program import online_command
from vendor_fetch.project.apps_in import Request, limiting_lines, requested_lines, requests
from vendor_fetch.project.locks import files_for_target
from vendor_fetch.project.project import VendorProject
from vendor_fetch.project.target import Target
from vendor_fetch.resolve.resolver import Package, resolve
from vendor_fetch.resolve.shared_versions import page_cache
from vendor_fetch.resolve.uv_run import SearchScope


@dataclass(frozen=True, kw_only=True)
class Outdated:
    """A vendored package with newer versions.

    `allowed` is the newest version that apps.in allows, and `newest` the newest of all. `uploaded` is
    the time of the newest; None if the index does not tell it.
    """

    name: str
    locked: str
    allowed: str
    newest: str
    uploaded: datetime | None


def outdated(project: VendorProject, files: Iterable[LockedFile], index: Index) -> list[Outdated]:
    """Return the packages of apps.txt with newer versions, sorted by name. Raise WorkFailed."""
    if is_offline():
        raise WorkFailed(
            "outdated", "it asks the index, which VENDOR_FETCH_OFFLINE forbids", online_command()
        )
    files = list(files)
    asked = requests(project)
    found: dict[str, Outdated] = {}
    pages = page_cache(cache_directory(), project.targets)
    scope = SearchScope(index=index, pages=pages)
    for target in project.targets:
        locked = {
            file.distribution.name: file.distribution.version
            for file in files_for_target(files, target)
        }
        allowed = _versions(_resolve(project, target, scope, requested_lines(asked), asked))
        # By their names alone: each gets its newest version, whatever the others need.
        newest = {
            package.name: package
            for package in _resolve(project, target, scope, sorted(locked), dependencies=False)
        }
        for name, version in locked.items():
            package = newest.get(name)
            if package and _is_newer(package.version, version):
                uploaded = [each.uploaded for each in package.artifacts if each.uploaded]
                found.setdefault(
                    name,
                    Outdated(
                        name=name,
                        locked=version,
                        allowed=allowed.get(name, version),
                        newest=package.version,
                        uploaded=min(uploaded, default=None),
                    ),
                )
    return [found[name] for name in sorted(found)]


def _resolve(
    project: VendorProject,
    target: Target,
    scope: SearchScope,
    requirements: list[str],
    asked: Sequence[Request] = (),
    *,
    dependencies: bool = True,
) -> list[Package]:
    return resolve(
        requirements,
        project=project.directory,
        target=target,
        scope=scope,
        dependencies=dependencies,
        for_apps_in=bool(asked),
        constraints=limiting_lines(asked),
        build_requires=project.build_requires,
    )


def _versions(packages: Iterable[Package]) -> dict[str, str]:
    return {package.name: package.version for package in packages if not package.path}


def _is_newer(one: str, other: str) -> bool:
    try:
        return Version(one) > Version(other)
    except InvalidVersion:
        return one != other
