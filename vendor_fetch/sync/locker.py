"""Resolve requirements to the lines of a lock, and fetch the files that the lines name."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from bootstrapper.errors import BootstrapperError, WorkFailed
from bootstrapper.progress import Progress
from bootstrapper.ve.project.lockfile import LockedFile
from bootstrapper.ve.standards.filename import parse_filename
from vendor_fetch.backend.records import TarballRecorder
from vendor_fetch.download.cache import Cache
from vendor_fetch.download.fetch import fetch, is_in_place, is_offline
from vendor_fetch.graph.distributions import Distributions
from vendor_fetch.graph.requesting_line import requesting_line
from vendor_fetch.index.index import Index
from vendor_fetch.index.page_cache import PageCache
from vendor_fetch.missing_tool import MissingTool
from vendor_fetch.program import online_command
from vendor_fetch.project.apps_in import (
    Request,
    accepted_hashes,
    check_requirements,
    limiting_lines,
    requested_lines,
    requests,
)
from vendor_fetch.project.locks import (
    Lock,
    Records,
    TarballRecord,
    files_for_target,
    vendored_names,
)
from vendor_fetch.project.project import VendorProject
from vendor_fetch.project.target import Target, named_targets
from vendor_fetch.resolve.choice import (
    files_for_other_targets,
    with_hashes,
)
from vendor_fetch.resolve.conflict import explained
from vendor_fetch.resolve.resolver import Artifact, Package, resolve
from vendor_fetch.resolve.shared_versions import (
    Pins,
    Resolutions,
    different_versions,
    resolve_targets,
)
from vendor_fetch.resolve.smallest_change import keep_versions, newest_versions
from vendor_fetch.resolve.uv_failure import Unsatisfiable
from vendor_fetch.resolve.uv_run import SearchScope
from vendor_fetch.sync.cooldown import Cooldown
from vendor_fetch.sync.package_lines import package_lines

# The requirements of each target; None for those of requirements/apps.in.
Requirements = Mapping[Target, Sequence[str]] | None


@dataclass(frozen=True, kw_only=True)
class Locker:
    """Resolves the requirements of a project, and returns the lines of its locks.

    The locked versions of the packages in `free` do not count: they get the newest versions that the
    requirements allow. With `upgrade_all`, no locked version counts. It collects the resolved
    artifacts by sha256 in `known`, and what the user should know in `warnings`. `pages` says which
    project pages may be older than this command.
    """

    project: VendorProject
    cache: Cache
    index: Index
    progress: Progress
    pages: PageCache
    free: frozenset[str] = frozenset()
    upgrade_all: bool = False
    known: dict[str, Artifact] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def vendor(
        self,
        requirements: Requirements,
        previous: Lock,
        *,
        prefer: str,
        other_lock: Iterable[LockedFile] = (),
    ) -> list[LockedFile]:
        """Return the lock's lines for the requirements. All their files are in place.

        Versions in the `previous` lock stay where the requirements allow them. So do those of
        `other_lock` if `previous` does not have the package. `prefer` is "wheel" or "tarball".
        """
        other_lock = list(other_lock)
        cooldown = Cooldown(self.project.cooldown, [*previous.files, *other_lock])
        excluded: dict[Target, list[str]] = {target: [] for target in self.project.targets}
        while True:
            try:
                lines = self._lock(requirements, previous, prefer, other_lock, excluded)
            except WorkFailed as error:
                raise cooldown.explain(error) from None
            if young := cooldown.hold_back(lines, self.known):
                for versions in excluded.values():
                    versions += young
                continue
            self._fetch(lines)
            unsupported = self._unsupported(lines)
            if not unsupported:
                break
            for target, version in unsupported:
                excluded[target].append(version)
        for line in cooldown.notes():
            self._warn(line)
        return lines

    def _unsupported(self, lines: Iterable[LockedFile]) -> list[tuple[Target, str]]:
        """Return the versions, `NAME!=1.0`, whose files do not allow the Python of a target.

        uv knows that from the pages of most indexes, and some pages do not tell.
        """
        distributions = Distributions(self.project, {})
        return [
            (target, f"{file.distribution.name}!={file.distribution.version}")
            for target in self.project.targets
            for file in files_for_target(lines, target)
            if file.sha256[0] in self.known and not distributions.supports(file, target)
        ]

    def _lock(
        self,
        requirements: Requirements,
        previous: Lock,
        prefer: str,
        other_lock: Sequence[LockedFile],
        excluded: Mapping[Target, Sequence[str]],
    ) -> list[LockedFile]:
        hashes = accepted_hashes(self.project) if requirements is None else {}
        locked = {
            target: {
                file.distribution.name: file
                for file in files_for_target(previous.files, target)
                if hashes.get(file.distribution.name, set(file.sha256)) & set(file.sha256)
            }
            for target in self.project.targets
        }
        pins = {
            target: _versions(files_for_target(other_lock, target))
            | (_versions(locked[target].values()) or self._vendored_versions(previous))
            for target in self.project.targets
        }
        if self.upgrade_all:
            pins = {target: {} for target in pins}
        if previous.format not in ("", self.project.format) and prefer == self.project.format:
            # The versions stay, the files do not.
            locked = {target: {} for target in locked}
        results = self._resolve(requirements, pins, locked, excluded)
        self._report_different_versions(results)
        by_name: dict[str, dict[Target, Package]] = {}
        for target, packages in results.items():
            for package in packages:
                by_name.setdefault(package.name, {})[target] = package
                self.known.update({artifact.sha256: artifact for artifact in package.artifacts})
        lines = []
        for name, needed in sorted(by_name.items()):
            kept = {target: locked[target].get(name) for target in needed}
            if name in hashes:
                needed = with_hashes(needed, hashes[name])
            lines += package_lines(self.project, needed, kept, prefer)
        if requirements is None:
            lines += files_for_other_targets(self.project)
        return lines

    def _fetch(self, files: Iterable[LockedFile]) -> None:
        """Bring files into requirements/src/."""
        fetch(
            files,
            project=self.project,
            cache=self.cache,
            index=self.index,
            progress=self.progress,
            pages=self.pages,
            known=self.known,
        )

    def tarball_records(
        self, files: Iterable[LockedFile], known: Records
    ) -> dict[str, TarballRecord]:
        """Return what the tarballs among the files need. Ask their backends if it is not known."""
        recorder = TarballRecorder(
            project=self.project,
            scope=self._with_index(source=True),
            directory=self.cache.root / "records",
            progress=self.progress,
            warn=self._warn,
        )
        return recorder.records(files, known)

    def _resolve(
        self,
        requirements: Requirements,
        pins: Mapping[Target, Pins],
        locked: Mapping[Target, Mapping[str, LockedFile]],
        excluded: Mapping[Target, Sequence[str]],
    ) -> Resolutions:
        """Resolve with the vendored files alone if the locked ones suffice, or with the index."""
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
        vendored = all(locked.values()) and all(
            is_in_place(file, project.vendored)
            for file in {
                file.path: file for each in locked.values() for file in each.values()
            }.values()
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
        every = {name: file for each in locked.values() for name, file in each.items()}
        try:
            return self._resolve_in(
                self._with_index(source=vendored),
                requirements,
                pins,
                limited,
                for_apps_in=for_apps_in,
                requesting_line=partial(requesting_line, project, every),
            )
        except MissingTool:
            raise
        except WorkFailed as error:
            if isinstance(error, Unsatisfiable) and asked:
                error = self._explained(error, asked, excluded)
            if is_offline():
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
                    scope=self._with_index(source=False),
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

    def _with_index(self, *, source: bool) -> SearchScope:
        """Return the scope of the index; with `source`, of the vendored files, too."""
        return SearchScope(
            index=self.index,
            source=self.project.source if source else None,
            offline=is_offline(),
            pages=self.pages,
        )

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
            return resolve(
                requirements[target],
                project=self.project.directory,
                target=target,
                scope=scope,
                pinned=pins,
                constraints=[*excluded[target], *constraints],
                warn=self._warn,
                build_requires=self.project.build_requires,
                **options,  # type: ignore[arg-type]
            )

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

    def _report_different_versions(self, results: Resolutions) -> None:
        for name, versions in different_versions(results).items():
            each = "; ".join(
                f"{version} for {named_targets(targets, self.project.targets)}"
                for version, targets in versions.items()
            )
            self._warn(f"warning: {name} has {len(versions)} versions: {each}")

    def _warn(self, line: str) -> None:
        if line not in self.warnings:
            self.warnings.append(line)

    def _vendored_versions(self, previous: Lock) -> dict[str, str]:
        """Return the versions in the names of the files, for a lock that is gone or unreadable."""
        if previous.files:
            return {}
        distributions = map(parse_filename, sorted(vendored_names(self.project.vendored)))
        return {distribution.name: distribution.version for distribution in distributions}


def _versions(files: Iterable[LockedFile]) -> dict[str, str]:
    return {file.distribution.name: file.distribution.version for file in files}
