"""Resolve requirements to the lines of a lock, and fetch the files that the lines name."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from bootstrapper.errors import WorkFailed
from bootstrapper.progress import Progress
from bootstrapper.ve.project.lockfile import LockedFile
from vendor_fetch.backend.records import TarballRecorder
from vendor_fetch.download.cache import Cache
from vendor_fetch.download.fetch import fetch, is_offline
from vendor_fetch.graph.distributions import Distributions
from vendor_fetch.index.index import Index
from vendor_fetch.index.page_cache import PageCache
from vendor_fetch.project.apps_in import (
    accepted_hashes,
)
from vendor_fetch.project.locks import Lock, Records, TarballRecord, files_for_target
from vendor_fetch.project.project import VendorProject
from vendor_fetch.project.target import Target, named_targets
from vendor_fetch.resolve.choice import files_for_other_targets, with_hashes
from vendor_fetch.resolve.resolver import Artifact, Package
from vendor_fetch.resolve.shared_versions import (
    Pins,
    Resolutions,
    different_versions,
)
from vendor_fetch.resolve.uv_run import SearchScope
from vendor_fetch.sync.adopted_lock import AdoptedLock
from vendor_fetch.sync.cooldown import Cooldown
from vendor_fetch.sync.package_lines import package_lines
from vendor_fetch.sync.pins import Fix, Preferences, raised
from vendor_fetch.sync.project_resolver import ProjectResolver
from vendor_fetch.sync.requirements import Requirements, with_every_version


@dataclass(frozen=True, kw_only=True)
class Locker:
    """Resolves the requirements of a project, and returns the lines of its locks.

    The locked versions of the packages in `free` do not count: they get the newest versions that the
    requirements allow. With `upgrade_all`, no locked version counts. With `dry_run`, the files end in
    the cache. The `fixes` by package replace
    affected versions, and pass the cooldown; so do the versions of the `adopted` lock. It collects the
    resolved artifacts by sha256 in `known`, and what the user should know in `warnings`. `pages` says
    which project pages may be older than this command. `fetched` saves it from hashing a file twice,
    and `answered` from asking uv twice.
    """

    project: VendorProject
    cache: Cache
    index: Index
    progress: Progress
    pages: PageCache
    free: frozenset[str] = frozenset()
    upgrade_all: bool = False
    dry_run: bool = False
    fixes: Mapping[str, Fix] = field(default_factory=dict)
    adopted: AdoptedLock = field(default_factory=AdoptedLock)
    known: dict[str, Artifact] = field(default_factory=dict)
    fetched: set[tuple[PurePosixPath, tuple[str, ...]]] = field(default_factory=set)
    answered: dict[Hashable, list[Package]] = field(default_factory=dict)
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

        Where markers of the files tell micro versions of a target's Python apart, each of these
        versions is a target of its own for the resolver. The files tell that only after a resolution,
        so there may be a second one; the previous lock mostly saves it.
        """
        other_lock = list(other_lock)
        cooldown = Cooldown(
            self.project.cooldown, [*previous.files, *other_lock], self.fixes, self.adopted.locked
        )
        preferences = Preferences(self.project, previous, other_lock)
        excluded: dict[Target, list[str]] = defaultdict(list)
        held_back: list[str] = []
        project = with_every_version(self.project, requirements, previous.files, previous.records)
        while True:
            locker, targets = replace(self, project=project), project.targets
            constraints = {target: [*held_back, *excluded[target]] for target in targets}
            try:
                lines = locker._lock(requirements, previous, prefer, preferences, constraints)
            except WorkFailed as error:
                raise cooldown.explain(error) from None
            if young := cooldown.hold_back(lines, self.known):
                held_back += young
                continue
            locker._fetch(lines)
            if unsupported := locker._unsupported(lines):
                for target, version in unsupported:
                    excluded[target].append(version)
                continue
            project = with_every_version(self.project, requirements, lines, previous.records)
            if set(project.targets) <= set(targets):
                break
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
        preferences: Preferences,
        excluded: Mapping[Target, Sequence[str]],
    ) -> list[LockedFile]:
        hashes = accepted_hashes(self.project) if requirements is None else {}
        locked = {
            target: {
                file.distribution.name: file
                for file in files_for_target(previous.files, target)
                if hashes.get(file.distribution.name, set(file.sha256)) & set(file.sha256)
                # A target may have got an older system.
                and target.accepts(file.distribution)
            }
            for target in self.project.targets
        }
        pins = {target: preferences.versions(target) for target in self.project.targets}
        fixed = {target: raised(each, self.fixes) for target, each in pins.items()}
        pins = {
            target: {**({} if self.upgrade_all else each), **fixed[target]}
            for target, each in pins.items()
        }
        excluded = {
            target: [*each, *(f"{name}=={version}" for name, version in fixed[target].items())]
            for target, each in excluded.items()
        }
        if previous.format not in ("", self.project.format) and prefer == self.project.format:
            # The versions stay, the files do not.
            locked = {target: {} for target in locked}
        resolver = ProjectResolver(
            project=self.project,
            scope=self._with_index(source=False),
            progress=self.progress,
            warn=self._warn,
            free=self.free,
            upgrade_all=self.upgrade_all,
            answered=self.answered,
        )

        def resolve(limits: Sequence[str], preferred: Pins) -> Resolutions:
            return resolver.resolve(
                requirements,
                {target: {**preferred, **each} for target, each in pins.items()},
                locked,
                {target: [*each, *limits] for target, each in excluded.items()},
                explain=not limits and not preferred,
            )

        results = self.adopted.resolve(resolve)
        self._report_different_versions(results)
        by_name: dict[str, dict[Target, Package]] = {}
        for target, packages in results.items():
            for package in packages:
                by_name.setdefault(package.name, {})[target] = package
                self.known.update({artifact.sha256: artifact for artifact in package.artifacts})
        lines = []
        for name, needed in sorted(by_name.items()):
            kept = {target: locked[target].get(name) for target in needed}
            needed = self.adopted.with_hashes(name, needed)
            if name in hashes:
                needed = with_hashes(needed, hashes[name])
            lines += package_lines(self.project, needed, kept, prefer)
        if requirements is None:
            lines += files_for_other_targets(self.project)
        return lines

    def _fetch(self, files: Iterable[LockedFile]) -> None:
        """Bring files into requirements/src/, without hashing again those of an earlier call."""
        new = [file for file in files if (file.path, file.sha256) not in self.fetched]
        fetch(
            new,
            project=self.project,
            cache=self.cache,
            index=self.index,
            progress=self.progress,
            pages=self.pages,
            known=self.known,
            done="cached" if self.dry_run else "vendored",
        )
        self.fetched.update((file.path, file.sha256) for file in new)

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

    def _with_index(self, *, source: bool) -> SearchScope:
        """Return the scope of the index; with `source`, of the vendored files, too."""
        return SearchScope(
            index=self.index,
            source=self.project.source if source else None,
            offline=is_offline(),
            pages=self.pages,
            cached=self.cache.files,
        )

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
