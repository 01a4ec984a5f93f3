"""What the wheels of a ve are to put into it: every folder, and where each file comes from."""

import os
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from bootstrapper.errors import WorkFailed
from bootstrapper.ve.store.entry import Kept, NamedEntry
from bootstrapper.ve.system.modes import STORED_SCRIPT


@dataclass(kw_only=True)
class Folder:
    """`sources` are the parts with the files that come from them; no name is there twice."""

    subfolders: set[str] = field(default_factory=set)
    sources: list[tuple[NamedEntry, list[Kept]]] = field(default_factory=list)

    def names(self) -> Iterator[str]:
        """The names of its files."""
        return (kept[0] for _, files in self.sources for kept in files)


class Tree:
    """The folders of a ve by their path, parents first; the ve itself is the empty path.

    `scripts` are written, not linked: by the part's name, (path, name of the body, executable).
    `overridden` are the names of the parts that lack files, because a later part has them, too.
    Where two parts have a file of one path, the later in the lock's order wins, so that a ve
    never depends on which of them was there first.
    """

    def __init__(self, parts: Sequence[NamedEntry]) -> None:
        """Raises WorkFailed: a file of one part is a directory of another."""
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
        """The paths of its files and scripts that can be executed."""
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
                    f"{path}/{name} in it is a directory in another",
                    "vendor another version of it: make vendor",
                )

    def _part_with_file(self, path: str, name: str) -> NamedEntry:
        return next(
            part
            for part, files in self.folders[path].sources
            if any(kept[0] == name for kept in files)
        )

    def refuse_replacing(self, files: Collection[str], folders: Collection[str]) -> None:
        """Raise WorkFailed if a part has one of these files, or a file for one of these folders.

        They are those of the ve itself: virtualenv's bin/python is a link to the system's.
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
                    f"{path} in it would replace a file of the ve itself",
                    "vendor another version of it: make vendor",
                )

    def branches(self) -> tuple[list[str], list[list[str]]]:
        """The trunk, which are the folders down to the packages, and the branches that leave it.

        A branch is a folder with all that is below it, parents first; no two overlap.
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
    """Part and path of every file that a later part has, too."""
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
