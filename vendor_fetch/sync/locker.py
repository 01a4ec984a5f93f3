"""Resolve requirements to the lines of a lock, and fetch the files that the lines name."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bootstrapper.errors import BootstrapperError, WorkFailed
from bootstrapper.progress import Progress
from bootstrapper.ve.project.lockfile import LockedFile
from bootstrapper.ve.standards.filename import parse_filename
from vendor_fetch.download.cache import Cache
from vendor_fetch.download.fetch import fetch, is_in_place, is_offline
from vendor_fetch.graph.graph import requesting_line
from vendor_fetch.index.index import Index
from vendor_fetch.program import online_command
from vendor_fetch.project.apps_in import check_requirements
from vendor_fetch.project.locks import files_for_target, vendored_names
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
    """Resolves the requirements of a project, and returns the lines of its locks.

    It collects the resolved artifacts by sha256 in `known`, and the warnings of uv in `warnings`.
    """

    project: VendorProject
    cache: Cache
    index: Index
    progress: Progress
    known: dict[str, Artifact] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def lock(
        self,
        requirements: Path | list[str],
        previous: Iterable[LockedFile],
        *,
        prefer: str,
        other_lock: Iterable[LockedFile] = (),
    ) -> list[LockedFile]:
        """Return the lock's lines for apps.in, or for other requirements.

        Versions in the `previous` lines stay where the requirements allow them. So do those of
        `other_lock` if `previous` does not have the package. `prefer` is "wheel" or "tarball".
        """
        directory, target = self.project.directory, self.project.target
        # The wheels for other platforms that apps.in names by path have lines of their own.
        previous = files_for_target(previous, target)
        pinned = _versions(other_lock) | (_versions(previous) or self._vendored_versions())
        locked = {file.distribution.name: file for file in previous}
        lines = []
        for package in self._resolve(requirements, pinned, locked):
            current = locked.get(package.name)
            if package.path:
                lines.append(locked_from_path(package.path, directory, target))
            elif current and current.distribution.version == package.version:
                # The index may have more files for the version by now; the locked one is good.
                lines.append(current)
            else:
                lines.append(locked_file(choose_artifact(package, target, prefer=prefer), target))
            self.known.update({artifact.sha256: artifact for artifact in package.artifacts})
        if isinstance(requirements, Path):
            lines += files_for_other_targets(directory, target)
        return lines

    def fetch(self, files: Iterable[LockedFile]) -> None:
        """Bring files into requirements/src/."""
        fetch(
            files,
            project=self.project.directory,
            target=self.project.target,
            cache=self.cache,
            index=self.index,
            progress=self.progress,
            known=self.known,
        )

    def _resolve(
        self,
        requirements: Path | list[str],
        pinned: dict[str, str],
        locked: dict[str, LockedFile],
    ) -> list[Package]:
        """Resolve with the vendored files alone if the locked ones suffice, or with the index."""
        project = self.project
        if isinstance(requirements, Path):
            check_requirements(project.directory, project.target)
        resolve_in = partial(
            resolve,
            requirements,
            project=project.directory,
            target=project.target,
            pinned=pinned,
            warn=self._warn,
            build_requires=project.build_requires,
        )
        # uv fails at a damaged file; it is fetched again after the index was asked.
        vendored = bool(locked) and all(
            is_in_place(file, project.directory) for file in locked.values()
        )
        if vendored:
            try:
                packages = resolve_in(scope=SearchScope())
            except BootstrapperError as error:
                self.progress.detail(f"  the vendored files are not enough: {error.fault}")
            else:
                if all(package.path or package.name in locked for package in packages):
                    return packages
        try:
            return resolve_in(
                requesting_line=partial(requesting_line, project, locked),
                scope=SearchScope(index=self.index, vendored=vendored, offline=is_offline()),
            )
        except WorkFailed as error:
            if is_offline():
                raise WorkFailed(error.where, error.fault, online_command()) from None
            raise

    def _warn(self, line: str) -> None:
        if line not in self.warnings:
            self.warnings.append(line)

    def _vendored_versions(self) -> dict[str, str]:
        """Return the versions in the names of the files, for a lock that is gone or unreadable."""
        distributions = map(parse_filename, sorted(vendored_names(self.project.directory)))
        return {distribution.name: distribution.version for distribution in distributions}


def _versions(files: Iterable[LockedFile]) -> dict[str, str]:
    return {file.distribution.name: file.distribution.version for file in files}
