"""Resolve the requirements of a project for all its targets, with its locked versions."""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from bootstrapper.errors import BootstrapperError, WorkFailed
from bootstrapper.progress import Progress
from bootstrapper.ve.project.lockfile import LockedFile
from bootstrapper.ve.standards.filename import Wheel
from vendor_fetch.download.fetch import is_in_place, is_offline
from vendor_fetch.graph.requesting_line import requesting_line
from vendor_fetch.missing_tool import MissingTool
from vendor_fetch.program import online_command
from vendor_fetch.project.apps_in import (
    Request,
    check_requirements,
    limiting_lines,
    requested_lines,
    requests,
)
from vendor_fetch.project.project import VendorProject
from vendor_fetch.project.target import Target
from vendor_fetch.resolve.conflict import explained
from vendor_fetch.resolve.resolver import Package, resolve
from vendor_fetch.resolve.shared_versions import Pins, Resolutions, resolve_targets
from vendor_fetch.resolve.smallest_change import keep_versions, newest_versions
from vendor_fetch.resolve.uv_failure import Unsatisfiable
from vendor_fetch.resolve.uv_run import SearchScope
from vendor_fetch.sync.requirements import Requirements, requirements_of


@dataclass(frozen=True, kw_only=True)
class ProjectResolver:
    """Resolves with uv. `scope` is that of the index.

    `free` and `upgrade_all` are those of a Locker. `warn` is called with each warning. `answered` has
    what uv has found in the index in this command, by what it was asked.
    """

    project: VendorProject
    scope: SearchScope
    progress: Progress
    warn: Callable[[str], None]
    free: frozenset[str] = frozenset()
    upgrade_all: bool = False
    answered: dict[Hashable, list[Package]] = field(default_factory=dict)

    def resolve(
        self,
        requirements: Requirements,
        pins: Mapping[Target, Pins],
        locked: Mapping[Target, Mapping[str, LockedFile]],
        excluded: Mapping[Target, Sequence[str]],
        *,
        explain: bool = True,
    ) -> Resolutions:
        """Resolve with the vendored files alone if the locked ones suffice, or with the index.

        `pins` are the preferred versions, and `excluded` constraints. Raise BootstrapperError; if
        there is no solution, `explain` finds the lines of apps.in that conflict.
        """
        project = self.project
        asked: list[Request] = []
        limited = excluded
        for_apps_in = requirements is None
        if requirements is None:
            check_requirements(project)
            asked = requests(project)
            requirements = dict.fromkeys(project.targets, requested_lines(asked))
            limited = {target: [*each, *limiting_lines(asked)] for target, each in excluded.items()}
        # uv fails at a damaged file; it is fetched again after the index was asked.
        files = {file.path: file for each in locked.values() for file in each.values()}.values()
        vendored = all(locked.values()) and all(
            is_in_place(file, project.vendored) for file in files
        )
        if vendored and not self.free and not self.upgrade_all:
            try:
                results = self._resolve_in(
                    SearchScope(source=project.source),
                    requirements,
                    pins,
                    limited,
                    for_apps_in=for_apps_in,
                )
            except BootstrapperError as error:
                self.progress.detail(f"  the vendored files are not enough: {error.fault}")
            else:
                if all(
                    package.path or package.name in locked[target]
                    for target, packages in results.items()
                    for package in packages
                ):
                    return results
        wheels = all(isinstance(file.distribution, Wheel) for file in files)
        if vendored and wheels and not is_offline():
            # uv would unpack every vendored file, which takes most of the time. It needs them only
            # if the index lacks a locked version. Of a wheel, the index has the metadata alone.
            try:
                results = self._resolve_in(
                    self.scope, requirements, pins, limited, for_apps_in=for_apps_in
                )
            except WorkFailed as error:
                self.progress.detail(f"  the index alone is not enough: {error.fault}")
            else:
                if not _moved(results, pins, self.free):
                    return results
        every = {name: file for each in locked.values() for name, file in each.items()}
        try:
            return self._resolve_in(
                replace(self.scope, source=project.source if vendored else None),
                requirements,
                pins,
                limited,
                for_apps_in=for_apps_in,
                requesting_line=partial(requesting_line, project, every),
            )
        except MissingTool:
            raise
        except WorkFailed as error:
            if isinstance(error, Unsatisfiable) and asked and explain:
                error = self._explained(error, asked, excluded)
            if is_offline() and not error.next_step.startswith(online_command()):
                raise WorkFailed(error.where, error.fault, online_command()) from None
            raise error from None

    def _explained(
        self,
        error: Unsatisfiable,
        asked: Sequence[Request],
        excluded: Mapping[Target, Sequence[str]],
    ) -> WorkFailed:
        """Return the error with the lines of apps.in that conflict."""

        def refused(some: Sequence[Request], target: Target) -> str:
            try:
                resolve(
                    requested_lines(some),
                    project=self.project.directory,
                    target=target,
                    scope=self.scope,
                    constraints=[*excluded[target], *limiting_lines(some)],
                    build_requires=self.project.build_requires,
                    for_apps_in=True,
                )
            except Unsatisfiable as again:
                return again.output
            except WorkFailed:
                return ""
            return ""

        return explained(error, asked, self.project.targets, refused)

    def _resolve_in(
        self,
        scope: SearchScope,
        requirements: Mapping[Target, Sequence[str]],
        pins: Mapping[Target, Pins],
        excluded: Mapping[Target, Sequence[str]],
        **options: object,
    ) -> Resolutions:
        def resolve_target(
            target: Target, pins: Pins, constraints: Sequence[str] = ()
        ) -> list[Package]:
            lines = requirements_of(target, requirements)
            limits = [*excluded[target], *constraints]
            asked = (target, tuple(lines), tuple(limits), frozenset(pins.items()))
            # The index does not change in a command. The vendored files do.
            if scope.source is None and asked in self.answered:
                return self.answered[asked]
            found = resolve(
                lines,
                project=self.project.directory,
                target=target,
                scope=scope,
                pinned=pins,
                constraints=limits,
                warn=self.warn,
                build_requires=self.project.build_requires,
                **options,  # type: ignore[arg-type]
            )
            if scope.source is None:
                self.answered[asked] = found
            return found

        unpinned = {
            target: {name: version for name, version in each.items() if name not in self.free}
            for target, each in pins.items()
        }
        results = resolve_targets(self.project.targets, resolve_target, unpinned)
        wanted = {package.name for packages in results.values() for package in packages}
        constraints: list[str] = []
        if self.free & wanted:
            results, constraints = newest_versions(
                results, resolve_target, unpinned, self.free & wanted
            )
        return keep_versions(results, resolve_target, pins, constraints, self.free)


def _moved(results: Resolutions, pins: Mapping[Target, Pins], free: Collection[str]) -> bool:
    """Return whether a package that is not free has another version than its pin."""
    return any(
        package.version != pins[target].get(package.name, package.version)
        for target, packages in results.items()
        for package in packages
        if not package.path and package.name not in free
    )
