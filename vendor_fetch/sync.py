"""Makes requirements/src/ and the locks agree with requirements/apps.in.

Files are fetched first, then the locks are written, each by one rename, and what no lock names
any more is removed last; so whatever interrupts it, the project still bootstraps.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from bootstrapper.errors import BootstrapperError, Locked
from bootstrapper.progress import Progress
from bootstrapper.ve.filename import InvalidFilename, parse
from bootstrapper.ve.lockfile import APPS, SOURCE, TOOLS, LockedFile
from vendor_fetch import lock, tools
from vendor_fetch.cache import Cache
from vendor_fetch.check import differences
from vendor_fetch.choice import choose, locked, vendored_by_path
from vendor_fetch.fetch import fetch, is_offline
from vendor_fetch.index import Index
from vendor_fetch.project import Project
from vendor_fetch.requirement import apps_in
from vendor_fetch.resolver import Artifact, Package, Source, resolve
from vendor_fetch.summary import summary


def sync(project: Project, cache: Cache, index: Index, progress: Progress) -> int:
    """Bring a project's files up to what requirements/apps.in asks for.

    Versions that are locked stay as long as apps.in allows them. Without a network it works as
    long as the vendored files satisfy apps.in. Exit status: 0.
    """
    with _one_at_a_time(project):
        old = {name: lock.read_own(name, project) for name in (APPS, TOOLS)}
        if all(old.values()) and not list(differences(project)):
            progress.say("Nothing to do: requirements/src/ agrees with requirements/apps.in")
            return 0
        before = _sizes(project)
        run = _Run(project=project, cache=cache, index=index, progress=progress)
        new = run.lines(project.apps_in, old[APPS], prefer=project.format)
        run.fetch(new)
        wanted = tools.required(new, project.directory)
        for_tools = run.lines(wanted, old[TOOLS], prefer="wheel", beside=new)
        run.fetch(for_tools)
        lock.write(APPS, new, project)
        lock.write(TOOLS, for_tools, project)
        _remove(project, {file.path.name for file in (*new, *for_tools)})
        for line in summary(before, _sizes(project)):
            progress.say(line)
    return 0


@dataclass(frozen=True, kw_only=True)
class _Run:
    """What the steps of one sync share; `known` gathers where files are, by sha256."""

    project: Project
    cache: Cache
    index: Index
    progress: Progress
    known: dict[str, Artifact] = field(default_factory=dict)

    def lines(self, asked: Path | list[str], old: Iterable[LockedFile], *, prefer: str,
              beside: Iterable[LockedFile] = ()) -> list[LockedFile]:
        """The lock's lines for what is asked.

        `old` are the lines of the lock so far; `beside` those of another lock, whose versions
        are taken where nothing speaks against it.
        """
        pinned = _versions(beside) | (_versions(old) or self._vendored_versions())
        had = {file.distribution.name: file for file in old}
        lines = []
        for package in self._resolve(asked, pinned, had):
            kept = had.get(package.name)
            if package.path:
                lines.append(vendored_by_path(package.path, self.project.directory,
                                              self.project.platform))
            elif kept and kept.distribution.version == package.version:
                # An index may offer more files for a version later; the one we have is good.
                lines.append(kept)
            else:
                artifact = choose(package, self.project.platform, prefer=prefer)
                lines.append(locked(artifact, self.project.platform))
            for artifact in filter(None, (package.wheel, package.tarball)):
                self.known[artifact.sha256] = artifact
        return lines

    def fetch(self, files: Iterable[LockedFile]) -> None:
        """Bring files into requirements/src/."""
        fetch(files, project=self.project.directory, platform=self.project.platform,
              cache=self.cache, index=self.index, progress=self.progress, known=self.known)

    def _resolve(self, asked: Path | list[str], pinned: dict[str, str],
                 had: dict[str, LockedFile]) -> list[Package]:
        """From the vendored files alone, when those of the lock are enough; else the index."""
        project = self.project
        if isinstance(asked, Path):
            apps_in(project.directory)  # its faults are told by line, better than uv does
        if had and project.source.is_dir():
            try:
                packages = resolve(asked, project=project.directory, platform=project.platform,
                                   source=Source(index=self.index, links=project.source),
                                   pinned=pinned)
            except BootstrapperError as error:
                self.progress.detail(f"  the vendored files don't satisfy it: {error.fault}")
            else:
                if all(package.path or package.name in had for package in packages):
                    return packages
        return resolve(asked, project=project.directory, platform=project.platform, pinned=pinned,
                       source=Source(index=self.index, offline=is_offline()))

    def _vendored_versions(self) -> dict[str, str]:
        """When the lock is gone or unreadable, the files' names still tell the versions."""
        versions = {}
        for name in sorted(lock.vendored_names(self.project.directory)):
            try:
                distribution = parse(name)
            except InvalidFilename:
                continue
            versions[distribution.name] = distribution.version
        return versions


def _versions(files: Iterable[LockedFile]) -> dict[str, str]:
    return {file.distribution.name: file.distribution.version for file in files}


def _sizes(project: Project) -> dict[PurePosixPath, int]:
    return {SOURCE / name: (project.source / name).stat().st_size
            for name in lock.vendored_names(project.directory)}


def _remove(project: Project, wanted: set[str]) -> None:
    for name in lock.vendored_names(project.directory) - wanted:
        (project.source / name).unlink()
    # What a killed run was copying.
    for left in project.source.glob(".*.part"):
        left.unlink()


@contextmanager
def _one_at_a_time(project: Project) -> Iterator[None]:
    """Two runs would remove each other's files. The kernel's lock dies with its holder."""
    descriptor = os.open(project.apps_in.parent, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Locked(str(project.apps_in.parent), "another vendor_fetch is at work there",
                     "wait until it is done, then run the same command again") from None
    else:
        yield
    finally:
        os.close(descriptor)
