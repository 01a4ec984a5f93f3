"""Follow a direct reference to its file: clone, download or copy it, and build its tarball."""

import shutil
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from bootstrapper.errors import BootstrapperError, InputError, WorkFailed
from bootstrapper.progress import Progress
from bootstrapper.quoting import quoted
from bootstrapper.ve.project.vendored_files import sha256_of
from bootstrapper.ve.standards.filename import InvalidFilename, parse_filename
from bootstrapper.ve.standards.version import same_version
from bootstrapper.ve.wheel.tarball import unpack
from vendor_fetch.direct.git import Repository
from vendor_fetch.direct.outside_links import (
    OutsideLink,
    followed_link,
    outside_link_in,
    outside_links,
)
from vendor_fetch.direct.sdist import EARLIEST, build_sdist, lfs_pointer
from vendor_fetch.download.cache import Cache
from vendor_fetch.download.fetch import download_into, is_offline
from vendor_fetch.graph.metadata import name_and_version
from vendor_fetch.index.index import Index
from vendor_fetch.program import (
    edit_and_sync,
    online_command,
    program_command,
    retry_command,
    sync_command,
)
from vendor_fetch.project.apps_in import Line
from vendor_fetch.project.direct_reference import DirectReference, local_path
from vendor_fetch.project.project import VendorProject
from vendor_fetch.project.source_tree import copy_tree, hash_tree
from vendor_fetch.resolve.resolver import Artifact
from vendor_fetch.resolve.uv_run import SearchScope


@dataclass(frozen=True, kw_only=True)
class Follower:
    """Follows the reference of a line to its file. It writes in the directory `scratch` only.

    Methods raise BootstrapperError.
    """

    project: VendorProject
    cache: Cache
    index: Index
    progress: Progress
    line: Line
    reference: DirectReference
    scratch: Path

    def follow(self, *, pinned: str) -> tuple[Path, str]:
        """Return the wheel or tarball, and what the reference led to.

        `pinned` is what it led to before, or empty. A commit is taken again, and an archive must be
        the same.
        """
        if self.reference.kind == "git":
            return self._from_git(pinned)
        if self.reference.kind == "archive":
            path = self._download(pinned)
        else:
            path = local_path(self.reference, self.project.directory)
            if path.is_dir():
                return self._from_directory(path)
            if not path.is_file():
                raise InputError(
                    self.line.place,
                    f"{path}: there is no such file or directory",
                    edit_and_sync(self.line.file, f"correct line {self.line.number}"),
                )
        digest = sha256_of(path)
        if self.reference.kind == "archive" and pinned not in ("", digest):
            raise WorkFailed(
                self.line.place,
                f"the sha256 of {self.reference.filename} is {digest}, it was {pinned}",
                f"{program_command('upgrade')}  # if the new file is right; or name its package",
            )
        if self.reference.sha256 not in ("", digest):
            raise WorkFailed(
                self.line.place,
                f"the sha256 of {self.reference.filename} is {digest}, the line has "
                f"{self.reference.sha256}",
                edit_and_sync(
                    self.line.file, f"correct line {self.line.number} if the file is the right one"
                ),
            )
        if not self.reference.subdirectory and self._is_distribution(path):
            return path, digest
        return self._from_archive(path), digest

    def _from_git(self, pinned: str) -> tuple[Path, str]:
        repository = Repository(
            reference=self.reference,
            clones=self.cache.root / "git",
            place=self.line.place,
            offline=is_offline(),
            waiting=lambda: self.progress.say("waiting for another vendor_fetch to fetch with git"),
        )
        commit = pinned or repository.commit()
        tree = self.scratch / "tree"
        repository.check_out(commit, tree)
        return self._build(tree, repository.time(commit)), commit

    def _from_directory(self, path: Path) -> tuple[Path, str]:
        if self.project.directory.resolve().is_relative_to(path.resolve()):
            raise InputError(
                self.line.place,
                f"{path}: the project would be vendored in itself",
                edit_and_sync(
                    self.line.file,
                    f"delete line {self.line.number}: manage.py finds the project's own packages",
                ),
            )
        tree = self.scratch / "tree"
        try:
            pin = hash_tree(path)
            copy_tree(path, tree)
        except (OSError, shutil.Error) as error:
            raise WorkFailed(
                self.line.place,
                f"{path}: can't be copied: {error}",
                f"ls -lR {quoted(str(path))}  # then: {sync_command()}",
            ) from None
        return self._build(tree), pin

    def _from_archive(self, path: Path) -> Path:
        if not tarfile.is_tarfile(path) and not zipfile.is_zipfile(path):
            page = (
                path.read_bytes()[:200].lstrip().lower().startswith((b"<!doctype html", b"<html"))
            )
            raise WorkFailed(
                self.line.place,
                f"{self.reference.filename}: is {'a web page' if page else 'no archive'}",
                edit_and_sync(
                    self.line.file,
                    f"correct line {self.line.number}; the address of a repository begins with git+",
                ),
            )
        archive = self.scratch / "archive"
        archive.mkdir()
        return self._build(unpack(path, archive, self.line.place))

    def _build(self, tree: Path, time: int = EARLIEST) -> Path:
        source = tree / self.reference.subdirectory
        # A link of the repository may lead to another project of this machine.
        if not source.is_dir() or not source.resolve().is_relative_to(tree.resolve()):
            raise InputError(
                self.line.place,
                f"subdirectory={self.reference.subdirectory}: there is no such directory",
                edit_and_sync(self.line.file, f"correct line {self.line.number}"),
            )
        if not _is_project(source):
            raise self._no_project(source)
        outside = outside_links(tree)
        try:
            tarball = build_sdist(
                source,
                place=self.line.place,
                project=self.project,
                scope=SearchScope(
                    index=self.index,
                    source=self.project.source,
                    offline=is_offline(),
                    cached=self.cache.files,
                ),
                scratch=self.scratch,
                time=time,
            )
        except BootstrapperError as error:
            # Backends refuse links in words of their own.
            named = (each for each in outside if each.is_named_in(error.fault))
            if link := next(named, None):
                raise self._refused(link) from None
            raise
        link = outside_link_in(tarball)
        if not link and self.reference.kind == "git":
            link = followed_link(tarball, outside_links(source) if outside else [])
        if link:
            raise self._refused(link)
        if pointer := lfs_pointer(tarball):
            raise WorkFailed(
                self.line.place,
                f"{pointer}: is a pointer of Git LFS in place of the file",
                f"git lfs install && {retry_command()}  # Debian's package is git-lfs; in a local "
                "project, run: git lfs pull",
            )
        return tarball

    def _refused(self, link: OutsideLink) -> WorkFailed:
        change = f"correct line {self.line.number}: name a commit without the link"
        if self.reference.kind != "path":
            return WorkFailed(self.line.place, str(link), edit_and_sync(self.line.file, change))
        path = local_path(self.reference, self.project.directory)
        return WorkFailed(
            self.line.place,
            str(link),
            f"ls -l {quoted(str(path / self.reference.subdirectory / link.path))}  # put the file "
            f"there in place of the link, then: {sync_command()}",
        )

    def _no_project(self, source: Path) -> WorkFailed:
        """Return the error about a directory without a project; it names those that have one."""
        found = [
            path.relative_to(source)
            for depth in ("*", "*/*")
            for path in sorted(source.glob(depth))
            if path.is_dir() and _is_project(path)
        ]
        has = f"; {', '.join(map(str, found[:3]))} has one" if found else ""
        directory = found[0] if found else "DIRECTORY"
        change = (
            f"name the directory of a project, such as {self.reference.address}/{directory}"
            if self.reference.kind == "path"
            else f"write #subdirectory={Path(self.reference.subdirectory) / directory}"
        )
        return WorkFailed(
            self.line.place,
            f"no Python project: there is neither a pyproject.toml nor a setup.py{has}",
            edit_and_sync(self.line.file, f"in line {self.line.number}, {change}"),
        )

    def _download(self, pinned: str) -> Path:
        """Return the archive of an address, under its own name."""
        path = self.scratch / (self.reference.filename or "archive")
        wanted = self.reference.sha256 or pinned
        if not (wanted and self.cache.copy_to(path, wanted)):
            if is_offline():
                raise WorkFailed(
                    self.line.place,
                    f"the cache lacks {self.reference.filename}, and VENDOR_FETCH_OFFLINE forbids "
                    "the address",
                    online_command(),
                )
            artifact = Artifact(
                filename=self.reference.filename,
                url=self.reference.address,
                sha256=self.reference.sha256,
            )
            try:
                download_into(path, artifact, self.cache, self.index, self.progress)
            except WorkFailed as error:
                raise WorkFailed(
                    f"{self.line.place}: {error.where}", error.fault, error.next_step
                ) from None
        return path

    def _is_distribution(self, path: Path) -> bool:
        """Return whether a file is a wheel or an sdist, under the name that it was built with."""
        if path.suffix == ".whl":
            return True
        try:
            tarball = parse_filename(path.name)
        except InvalidFilename:
            return False
        name, version = name_and_version(path, self.line.place)
        return name == tarball.name and same_version(version, tarball.version)


def _is_project(directory: Path) -> bool:
    return (directory / "pyproject.toml").is_file() or (directory / "setup.py").is_file()
