"""From requirements to the lines of a lock, and the files that they name."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bootstrapper.errors import BootstrapperError, WorkFailed
from bootstrapper.progress import Progress
from bootstrapper.ve.project.lockfile import LockedFile
from bootstrapper.ve.standards.filename import InvalidFilename, parse_filename
from vendor_fetch.download.cache import Cache
from vendor_fetch.download.fetch import WITHOUT_OFFLINE, fetch, is_in_place, is_offline
from vendor_fetch.graph.asker import requesting_line
from vendor_fetch.index.index import Index
from vendor_fetch.project.apps_in import check_requirements
from vendor_fetch.project.locks import vendored_names
from vendor_fetch.project.project import VendorProject
from vendor_fetch.resolve.choice import (
    choose_artifact,
    files_for_other_targets,
    locked_file,
    locked_from_path,
)
from vendor_fetch.resolve.resolver import Artifact, Package, SearchScope, resolve


@dataclass(frozen=True, kw_only=True)
class Locker:
    """Locks what a project asks for.

    `known` gathers where files are, by sha256; `warnings` what uv warns of.
    """

    project: VendorProject
    cache: Cache
    index: Index
    progress: Progress
    known: dict[str, Artifact] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def lines(
        self,
        asked: Path | list[str],
        old: Iterable[LockedFile],
        *,
        prefer: str,
        beside: Iterable[LockedFile] = (),
    ) -> list[LockedFile]:
        """The lock's lines for what is asked.

        `old` are the lines of the lock so far; `beside` those of another lock, whose versions
        are taken where nothing speaks against it.
        """
        # A wheel for another platform, named by its path, has a line of its own.
        environment = self.project.platform.environment
        old = [file for file in old if file.marker is None or file.marker.holds(environment)]
        pinned = _versions(beside) | (_versions(old) or self._vendored_versions())
        had = {file.distribution.name: file for file in old}
        lines = []
        for package in self._resolve(asked, pinned, had):
            kept = had.get(package.name)
            if package.path:
                lines.append(
                    locked_from_path(package.path, self.project.directory, self.project.platform)
                )
            elif kept and kept.distribution.version == package.version:
                # An index may offer more files for a version later; the one we have is good.
                lines.append(kept)
            else:
                artifact = choose_artifact(package, self.project.platform, prefer=prefer)
                lines.append(locked_file(artifact, self.project.platform))
            self.known.update({artifact.sha256: artifact for artifact in package.artifacts})
        if isinstance(asked, Path):
            lines += files_for_other_targets(self.project.directory, self.project.platform)
        return lines

    def fetch(self, files: Iterable[LockedFile]) -> None:
        """Bring files into requirements/src/."""
        fetch(
            files,
            project=self.project.directory,
            platform=self.project.platform,
            cache=self.cache,
            index=self.index,
            progress=self.progress,
            known=self.known,
        )

    def _resolve(
        self, asked: Path | list[str], pinned: dict[str, str], had: dict[str, LockedFile]
    ) -> list[Package]:
        """From the vendored files alone, when those of the lock are enough; else the index."""
        project = self.project
        if isinstance(asked, Path):
            check_requirements(project.directory, project.platform)
        # uv stumbles over a damaged file; it is fetched again when the index has been asked.
        vendored = bool(had) and all(is_in_place(file, project.directory) for file in had.values())
        if vendored:
            try:
                packages = resolve(
                    asked,
                    project=project.directory,
                    platform=project.platform,
                    source=SearchScope(),
                    pinned=pinned,
                    warn=self._warn,
                    build_requires=project.build_requires,
                )
            except BootstrapperError as error:
                self.progress.detail(f"  the vendored files don't satisfy it: {error.fault}")
            else:
                if all(package.path or package.name in had for package in packages):
                    return packages
        try:
            return resolve(
                asked,
                project=project.directory,
                platform=project.platform,
                pinned=pinned,
                warn=self._warn,
                build_requires=project.build_requires,
                asker=partial(requesting_line, project, had),
                source=SearchScope(index=self.index, vendored=vendored, offline=is_offline()),
            )
        except WorkFailed as error:
            if is_offline():
                raise WorkFailed(error.where, error.fault, WITHOUT_OFFLINE) from None
            raise

    def _warn(self, line: str) -> None:
        if line not in self.warnings:
            self.warnings.append(line)

    def _vendored_versions(self) -> dict[str, str]:
        """When the lock is gone or unreadable, the files' names still tell the versions."""
        versions = {}
        for name in sorted(vendored_names(self.project.directory)):
            try:
                distribution = parse_filename(name)
            except InvalidFilename:
                continue
            versions[distribution.name] = distribution.version
        return versions


def _versions(files: Iterable[LockedFile]) -> dict[str, str]:
    return {file.distribution.name: file.distribution.version for file in files}
