"""Vendor the direct references of apps.in: each becomes a wheel or a tarball in requirements/src/.

apps.in has the wish, such as a branch. The lock records what it led to, such as a commit. That stays
until the line changes or `upgrade` is asked for.
"""

import tempfile
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path

from bootstrapper.errors import WorkFailed
from bootstrapper.progress import Progress
from bootstrapper.ve.project.lockfile import APPS, SOURCE, LockedFile
from bootstrapper.ve.project.vendored_files import sha256_of
from bootstrapper.ve.standards.filename import InvalidFilename, parse_filename
from bootstrapper.ve.standards.requirement import Requirement
from vendor_fetch.atomic_file import atomic_file
from vendor_fetch.direct.follower import Follower
from vendor_fetch.direct.usable import refuse_unusable
from vendor_fetch.download.cache import Cache
from vendor_fetch.download.fetch import is_in_place
from vendor_fetch.index.index import Index
from vendor_fetch.program import edit_and_sync
from vendor_fetch.project.apps_in import Line, direct_references
from vendor_fetch.project.direct_reference import DirectReference
from vendor_fetch.project.locks import Lock, read_lock, write_lock
from vendor_fetch.project.origins import Origin, Origins
from vendor_fetch.project.project import VendorProject
from vendor_fetch.project.source_tree import has_changed


class SamePackage(WorkFailed):
    """Two lines lead to one package. `name` is the package, and `urls` are their addresses."""

    name = ""
    urls: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class DirectFiles:
    """Brings the files of a project's direct references into requirements/src/.

    `renew` returns whether the reference of a package is followed again though it is vendored.
    """

    project: VendorProject
    cache: Cache
    index: Index
    progress: Progress
    renew: Callable[[str], bool]

    def update(self) -> None:
        """Vendor the references that are new, changed or renewed, and record them in the lock.

        Raise BootstrapperError.
        """
        lock = read_lock(self.project.vendored, APPS)
        vendored = {origin.url: name for name, origin in lock.origins.items()}
        new: dict[str, Origin] = {}
        led: list[_Led] = []
        for line, requirement, reference in direct_references(self.project):
            url = requirement.url
            if url in {origin.url for origin in new.values()}:
                continue
            name = vendored.get(url, "")
            known = lock.origins.get(name)
            if known and self.renew(requirement.name):
                known = None
            elif known and self._is_current(name, reference, known, lock):
                self._add(_Led(file=name, line=line, requirement=requirement), led)
                continue
            with tempfile.TemporaryDirectory(prefix="vendor-fetch-") as scratch:
                follower = Follower(
                    project=self.project,
                    cache=self.cache,
                    index=self.index,
                    progress=self.progress,
                    line=line,
                    reference=reference,
                    scratch=Path(scratch),
                )
                path, pin = follower.follow(pinned=known.pin if known else "")
                _refuse_other_content(path, requirement, line, self.project)
                self._add(_Led(file=path.name, line=line, requirement=requirement), led)
                self._put(path)
            new[path.name] = Origin(url=url, pin=pin)
        if new:
            urls = {origin.url for origin in new.values()}
            old = {name for name, origin in lock.origins.items() if origin.url in urls}
            write_lock(APPS, self._changed(lock, old | new.keys(), new), self.project)

    def _add(self, new: "_Led", led: "list[_Led]") -> None:
        """Add a line to those that led to files. Raise SamePackage if a machine would get two."""
        for each in led:
            if (
                each.package == new.package
                and each.requirement.url != new.requirement.url
                and (each.file == new.file or self._share_a_target(each, new))
            ):
                raise _same_package(each, new)
        led.append(new)

    def _share_a_target(self, *led: "_Led") -> bool:
        return any(
            all(each.requirement.applies(target.environment) for each in led)
            for target in self.project.targets
        )

    def _is_current(
        self, name: str, reference: DirectReference, origin: Origin, lock: Lock
    ) -> bool:
        """Return whether a vendored file is whole, and what it comes from has not changed here."""
        return any(
            file.path.name == name and is_in_place(file, self.project.vendored)
            for file in lock.files
        ) and not has_changed(self.project.directory, reference, origin)

    def _changed(self, lock: Lock, replaced: Collection[str], new: Origins) -> Lock:
        """Return a lock with new files in place of others."""
        return replace(
            lock,
            files=(
                *(file for file in lock.files if file.path.name not in replaced),
                *(
                    LockedFile(path=SOURCE / name, sha256=(sha256_of(self.project.source / name),))
                    for name in new
                ),
            ),
            records={name: each for name, each in lock.records.items() if name not in replaced},
            origins={
                **{name: each for name, each in lock.origins.items() if name not in replaced},
                **new,
            },
        )

    def _put(self, path: Path) -> None:
        """Bring a file into requirements/src/ and into the cache, by one rename each."""
        self.project.source.mkdir(parents=True, exist_ok=True)
        with self.cache.new_file() as file:
            file.write(path.read_bytes())
            self.cache.add(file, sha256_of(path))
        with atomic_file(self.project.source) as copy:
            copy.write(path.read_bytes())
            copy.commit(self.project.source / path.name)


@dataclass(frozen=True, kw_only=True)
class _Led:
    """A line that led to a file of requirements/src/."""

    file: str
    line: Line
    requirement: Requirement

    @property
    def package(self) -> str:
        return parse_filename(self.file).name


def _same_package(one: _Led, other: _Led) -> SamePackage:
    error = SamePackage(
        other.line.place,
        f"leads to {other.file}, and {one.line.place} to {one.file}",
        edit_and_sync(other.line.file, f"delete line {other.line.number}"),
    )
    error.name = other.package
    error.urls = frozenset({one.requirement.url, other.requirement.url})
    return error


def _refuse_other_content(
    path: Path, requirement: Requirement, line: Line, project: VendorProject
) -> None:
    """Raise WorkFailed if a file can't be used, or is not what its line asks for."""
    try:
        distribution = parse_filename(path.name)
    except InvalidFilename as error:
        raise WorkFailed(
            line.place, str(error), edit_and_sync(line.file, f"correct line {line.number}")
        ) from None
    if requirement.name not in ("", distribution.name):
        raise WorkFailed(
            line.place,
            f"the address has {distribution.name}, the line asks for {requirement.name}",
            edit_and_sync(line.file, f"correct the name in line {line.number}"),
        )
    refuse_unusable(path, f"{line.place}: {path.name}", project)
    if line.hashes and sha256_of(path) not in line.hashes:
        raise WorkFailed(
            line.place,
            f"the sha256 of {path.name} is {sha256_of(path)}, which is none of the line's hashes",
            edit_and_sync(line.file, f"correct line {line.number} if the file is the right one"),
        )
