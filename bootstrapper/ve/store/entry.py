"""An entry of the store: an unpacked and compiled wheel, ready to be linked into a virtualenv."""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bootstrapper.ve.store.integrity import FileStamp, checked_content, unchanged, with_checksum

TREE = "tree"  # the files, at their paths in a virtualenv
BODIES = "bodies"  # scripts without their first line
RECORD = "RECORD"  # the rows of RECORD without those of scripts; only in entries with scripts
INDEX = "index"  # the list of all this, with a checksum

Written = tuple[str, int, int, int, int]
"""A file after writing: its path, size in bytes, time in ns, permissions, and inode."""
Kept = tuple[str, int, int, int, int]
"""The same with the name in place of the path. A copied store has other inodes."""


@dataclass(frozen=True, kw_only=True)
class Index:
    """The list of an entry's files. All paths are relative to a virtualenv.

    `record` is the path of RECORD. `folders` has each directory, parents first, with its files.
    `scripts` are (path, name of the body, executable). `bytecode` is the digest of the bytecode
    files. `parts` are the stamps of the bodies and of RECORD, relative to the entry.
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
        """Return the index of an entry whose files have just been written."""
        folders: dict[str, list[Kept]] = {path: [] for path in sorted({*directories} - {""})}
        for path, size, time, mode, inode in files:
            folder, _, name = path.rpartition("/")
            folders.setdefault(folder, []).append((name, size, time, mode, inode))
        return cls(record=record, folders=folders, scripts=scripts, bytecode=bytecode, parts=parts)

    def write(self, place: Path) -> None:
        """Write the index into an entry."""
        (place / INDEX).write_bytes(
            with_checksum(json.dumps(vars(self), separators=(",", ":")).encode())
        )


class Entry:
    """An entry in the store. Raise OSError or ValueError if its index, bodies or RECORD are damaged.

    Installing checks the other files when it links them; `read_verified` checks them now. Both
    compare size, time and mode, not the content.
    """

    def __init__(self, place: Path) -> None:
        self.place = place
        self.index = Index(**json.loads(checked_content((place / INDEX).read_bytes())))
        if not unchanged(os.fspath(place), self.index.parts):
            raise ValueError(f"{place} is damaged")

    @classmethod
    def read_verified(cls, place: Path) -> "Entry":
        """Return the entry at `place` after checking each file. Raise OSError or ValueError."""
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
        """Return a script without its first line."""
        return (self.place / name).read_bytes()

    def record(self) -> bytes:
        """Return the rows of RECORD without those of the scripts."""
        return (self.place / RECORD).read_bytes()


def as_written(status: os.stat_result) -> list[int]:
    """Return the size, time and permissions of a file."""
    return [status.st_size, status.st_mtime_ns, status.st_mode & 0o7777]


@dataclass(frozen=True, kw_only=True)
class NamedEntry:
    """An entry, and the name of its vendored file in messages."""

    entry: Entry
    name: str
