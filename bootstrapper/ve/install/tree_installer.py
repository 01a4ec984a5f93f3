"""Make a directory contain exactly the files of a tree, whatever it contained before."""

import errno
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from bootstrapper.errors import WorkFailed
from bootstrapper.ve.install.tree import Tree
from bootstrapper.ve.store.entry import Entry, Kept, NamedEntry, as_written
from bootstrapper.ve.system.child import run_in_child
from bootstrapper.ve.system.directories import remove_tree
from bootstrapper.ve.system.file_installer import FileInstaller

# A second process pays off only for more folders than this.
WORTH_A_PROCESS = 200


class DamagedEntry(WorkFailed):
    """A file of a store entry is not as it was written."""


def _damaged(entry: Entry) -> DamagedEntry:
    return DamagedEntry(
        os.fspath(entry.place),
        "the store's files change while they are read",
        "./bootstrap.py --no-store  # and find the process that writes there",
    )


class TreeInstaller:
    """Installs a tree into a directory: `install` leaves the files of the tree there, and no others.

    A file that exists stays if it is the tree's own file: the same inode as the store's, with the
    recorded size and time. Links are not followed, because their targets are not ours to change.
    """

    def __init__(self, place: Path, tree: Tree, installer: FileInstaller) -> None:
        self._place = os.fspath(place)
        self._folders = tree.folders
        self._trunk, self._branches = tree.branches()
        self._installer = installer
        self._fresh: set[str] = set()
        self._like = _owned(_sample(self._place))

    def install(self, jobs: int, done: Callable[[int], None]) -> None:
        """Install the tree, in two processes if `jobs` allows; call `done` with the number of folders.

        Raise DamagedEntry, WorkFailed or OSError.
        """
        if _owned(os.lstat(self._place)) != self._like:
            raise PermissionError(errno.EPERM, "has the mode or owner of another time", self._place)
        self._all(self._trunk, done)
        ours, theirs = self._lots()
        if jobs == 1 or len(theirs) < WORTH_A_PROCESS:
            self._all([*ours, *theirs], done)
            return
        with run_in_child(lambda: self._all(theirs, lambda _: None)):
            self._all(ours, done)
        done(len(theirs))

    def _lots(self) -> tuple[list[str], list[str]]:
        """Divide the folders of the branches into two lots of similar size, parents first."""
        ours: list[str] = []
        theirs: list[str] = []
        for branch in sorted(self._branches, key=len, reverse=True):
            (ours if len(ours) <= len(theirs) else theirs).extend(branch)
        return ours, theirs

    def _all(self, paths: Iterable[str], done: Callable[[int], None]) -> None:
        for path in paths:
            self._one(path)
            done(1)

    def _one(self, path: str) -> None:
        """Make one existing folder contain what the tree says; create its subfolders, but do not enter."""
        folder = self._folders[path]
        place = f"{self._place}/{path}"
        files = {kept[0]: (part, kept) for part, kepts in folder.sources for kept in kepts}
        subfolders = folder.subfolders
        if path not in self._fresh:
            files, subfolders = self._lacking(place, files, subfolders)
        for name in subfolders:
            os.mkdir(f"{place}/{name}")
            self._fresh.add(f"{path}/{name}" if path else name)
        for name, (part, kept) in files.items():
            source = f"{part.entry.tree}/{path}/{name}"
            try:
                if as_written(os.lstat(source)) != list(kept[1:4]):
                    raise _damaged(part.entry)
            except FileNotFoundError:
                raise _damaged(part.entry) from None
            self._installer.install(source, f"{place}/{name}")

    def _lacking(
        self, place: str, files: dict[str, tuple[NamedEntry, Kept]], subfolders: set[str]
    ) -> tuple[dict[str, tuple[NamedEntry, Kept]], set[str]]:
        """Return the files and subfolders that a folder lacks; remove everything else from it."""
        present, unwanted = set(), []
        with os.scandir(place) as entries:
            for entry in entries:
                status, name = entry.stat(follow_symlinks=False), entry.name
                if name in files:
                    _, *written, inode = files[name][1]
                    wanted = status.st_ino == inode and as_written(status) == written
                else:
                    wanted = name in subfolders and _owned(status) == self._like
                if wanted:
                    present.add(name)
                else:
                    unwanted.append(entry.path)
        for path in unwanted:
            remove_tree(Path(path))
            if os.path.lexists(path):
                raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), path)
        if len(present) == len(files) + len(subfolders):
            return {}, set()
        return (
            {name: file for name, file in files.items() if name not in present},
            subfolders - present,
        )


def _sample(place: str) -> os.stat_result:
    """Return the status of a directory that is created beside `place` now: umask, group, ACL."""
    sample = f"{place}-sample"
    os.mkdir(sample)
    try:
        return os.lstat(sample)
    finally:
        os.rmdir(sample)


def _owned(status: os.stat_result) -> tuple[int, int, int]:
    """Return the kind and mode, the owner, and the group."""
    return status.st_mode, status.st_uid, status.st_gid
