"""An entry of the store: a wheel unpacked and compiled, ready to be linked into any ve."""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bootstrapper.ve.store.integrity import FileStamp, checked_content, unchanged, with_checksum

TREE = "tree"  # the files, by their paths in a ve
BODIES = "bodies"  # scripts without their first line
RECORD = "RECORD"  # the rows of RECORD but those of the scripts, where there are any
INDEX = "index"  # what is in it, under a seal

Written = tuple[str, int, int, int, int]
"""A file as it was written: its path, size in bytes, time in ns, permissions, and inode."""
Kept = tuple[str, int, int, int, int]
"""The same with its name in its folder. The inode is a hint: copies of a store have others."""


@dataclass(frozen=True, kw_only=True)
class Index:
    """What is in an entry. All paths are relative to a ve.

    `record` is where RECORD belongs; `folders` has every directory, parents first, with the files
    in it; `scripts` are (path, name of the body, executable); `bytecode` is the digest of its
    bytecode files. `parts` are the traces of what scripts and RECORD are made of, relative to the
    entry.
    """

    record: str
    folders: dict[str, list[Kept]]
    scripts: list[tuple[str, str, bool]]
    bytecode: str
    parts: list[FileStamp]

    @classmethod
    def of(
        cls,
        directories: Iterable[str],
        files: Iterable[Written],
        *,
        record: str,
        scripts: list[tuple[str, str, bool]],
        bytecode: str,
        parts: list[FileStamp],
    ) -> "Index":
        """That of an entry whose files have just been written."""
        folders: dict[str, list[Kept]] = {path: [] for path in sorted({*directories} - {""})}
        for path, size, time, mode, inode in files:
            folder, _, name = path.rpartition("/")
            folders.setdefault(folder, []).append((name, size, time, mode, inode))
        return cls(record=record, folders=folders, scripts=scripts, bytecode=bytecode, parts=parts)

    def write(self, place: Path) -> None:
        """Write it into an entry."""
        (place / INDEX).write_bytes(
            with_checksum(json.dumps(vars(self), separators=(",", ":")).encode())
        )


class Entry:
    """An entry that has been found. Raises OSError or ValueError for one that is damaged.

    Its files are looked at when they are linked, which is when it matters; `read_verified` does it now.
    That is a look at the file system, not at the bytes: see `seal.intact`.
    """

    def __init__(self, place: Path) -> None:
        self.place = place
        self.index = Index(**json.loads(checked_content((place / INDEX).read_bytes())))
        if not unchanged(os.fspath(place), self.index.parts):
            raise ValueError(f"{place} is damaged")

    @classmethod
    def read_verified(cls, place: Path) -> "Entry":
        """One that has been looked at file by file."""
        entry = cls(place)
        for folder, files in entry.index.folders.items():
            for name, *written, _ in files:
                if as_written(os.lstat(f"{entry.tree}/{folder}/{name}")) != written:
                    raise ValueError(f"{place} is damaged")
        return entry

    @property
    def tree(self) -> str:
        """The directory with the files."""
        return f"{self.place}/{TREE}"

    def body(self, name: str) -> bytes:
        """A script without its first line."""
        return (self.place / name).read_bytes()

    def record(self) -> bytes:
        """The rows of RECORD but those of the scripts."""
        return (self.place / RECORD).read_bytes()


def as_written(status: os.stat_result) -> list[int]:
    """The size, time and permissions of a file."""
    return [status.st_size, status.st_mtime_ns, status.st_mode & 0o7777]


@dataclass(frozen=True, kw_only=True)
class NamedEntry:
    """An entry, and what messages call it."""

    entry: Entry
    name: str
