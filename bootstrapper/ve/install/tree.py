"""Plan the directories of a virtualenv, and which entry each file comes from."""

import os
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from bootstrapper.errors import WorkFailed
from bootstrapper.next_step import ANOTHER_VERSION
from bootstrapper.ve.store.entry import Kept, NamedEntry
from bootstrapper.ve.system.modes import STORED_SCRIPT


@dataclass(kw_only=True)
class Folder:
    """A directory. `sources` are the entries with the files that come from them."""

    subfolders: set[str] = field(default_factory=set)
    sources: list[tuple[NamedEntry, list[Kept]]] = field(default_factory=list)

    def names(self) -> Iterator[str]:
        """Yield the names of its files."""
        return (kept[0] for _, files in self.sources for kept in files)


class Tree:
    """The directories of a virtualenv by path, parents first; the virtualenv itself is the path "".

    `scripts` are generated, not linked: by the entry's name, (path, name of the body, executable).
    If two entries have a file of the same path, the later one in the lock's order wins, so that the
    result does not depend on the order of installation. `overridden` are the names of the entries
    that lose files.
    """

    def __init__(self, parts: Sequence[NamedEntry]) -> None:
        """Raise WorkFailed if a file of one entry is a directory of another."""
        self.parts = parts
        self.folders: dict[str, Folder] = {"": Folder()}
        self.scripts: dict[str, list[tuple[str, str, bool]]] = {}
        lost = _overridden(parts)
        self.overridden = {name for name, _ in lost}
        for part in parts:
            for path, files in part.entry.index.folders.items():
                if lost:
                    files = [kept for kept in files if (part.name, f"{path}/{kept[0]}") not in lost]
                self._folder(path).sources.append((part, files))
            self.scripts[part.name] = [
                script for script in part.entry.index.scripts if (part.name, script[0]) not in lost
            ]
            for path, _, _ in self.scripts[part.name]:
                self._folder(os.path.dirname(path))
        self._refuse_contradictions()

    def _folder(self, path: str) -> Folder:
        if path not in self.folders:
            parent, _, name = path.rpartition("/")
            self._folder(parent).subfolders.add(name)
            self.folders[path] = Folder()
        return self.folders[path]

    def executable(self) -> Iterator[str]:
        """Yield the paths of the executable files and scripts."""
        for path, folder in self.folders.items():
            for _, files in folder.sources:
                yield from (
                    f"{path}/{kept[0]}".lstrip("/")
                    for kept in files
                    if kept[3] & STORED_SCRIPT == STORED_SCRIPT
                )
        for scripts in self.scripts.values():
            yield from (path for path, _, executable in scripts if executable)

    def _refuse_contradictions(self) -> None:
        both = (
            (path, folder)
            for path, folder in self.folders.items()
            if folder.subfolders and folder.sources
        )
        for path, folder in both:
            for name in folder.subfolders.intersection(folder.names()):
                raise WorkFailed(
                    self._part_with_file(path, name).name,
                    f"its file {path}/{name} is a directory in another distribution",
                    ANOTHER_VERSION,
                )

    def _part_with_file(self, path: str, name: str) -> NamedEntry:
        return next(
            part
            for part, files in self.folders[path].sources
            if any(kept[0] == name for kept in files)
        )

    def refuse_replacing(self, files: Collection[str], folders: Collection[str]) -> None:
        """Raise WorkFailed if an entry would replace one of these files or folders.

        They are those of the empty virtualenv: its bin/python is a link to the system's Python.
        """
        scripts = {path: part for part in self.parts for path, _, _ in self.scripts[part.name]}
        for path in [*files, *folders]:
            folder, _, name = path.rpartition("/")
            part = scripts.get(path)
            if part is None and name in self.folders.get(folder, Folder()).names():
                part = self._part_with_file(folder, name)
            elif part is None and path in self.folders and path not in folders:
                part = next(part for part in self.parts if path in part.entry.index.folders)
            if part:
                raise WorkFailed(
                    part.name,
                    f"its file {path} would replace a file of the virtualenv itself",
                    ANOTHER_VERSION,
                )

    def branches(self) -> tuple[list[str], list[list[str]]]:
        """Return the trunk, the folders down to the packages, and the branches that leave it.

        A branch is a folder with everything below it, parents first; no two branches overlap.
        """
        trunk, path = [""], ""
        packages = self.parts[0].entry.index.record.split("/")[:-2] if self.parts else []
        for name in packages:
            path = f"{path}/{name}".lstrip("/")
            trunk.append(path)
        roots = dict.fromkeys(trunk, "")
        branches: dict[str, list[str]] = {}
        for path in self.folders:
            if path not in trunk:
                roots[path] = roots[path.rpartition("/")[0]] or path
                branches.setdefault(roots[path], []).append(path)
        return trunk, list(branches.values())


def _overridden(parts: Sequence[NamedEntry]) -> set[tuple[str, str]]:
    """Return the entry's name and the path of each file that a later entry has, too."""
    owners = Counter(
        path
        for part in parts
        for path in {
            *(path for path, files in part.entry.index.folders.items() if files),
            *(os.path.dirname(script[0]) for script in part.entry.index.scripts),
        }
    )
    last: dict[str, str] = {}
    lost = set()
    for part in parts:
        index = part.entry.index
        paths = [
            f"{folder}/{kept[0]}"
            for folder, files in index.folders.items()
            if owners[folder] > 1
            for kept in files
        ]
        paths += [script[0] for script in index.scripts if owners[os.path.dirname(script[0])] > 1]
        for path in paths:
            if path in last and last[path] != part.name:
                lost.add((last[path], path))
            last[path] = part.name
    return lost
