"""An entry of the store: a wheel unpacked and compiled, ready to be linked into any ve."""

import json
import os
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

TREE = "tree"      # the files, by their paths in a ve
BODIES = "bodies"  # scripts without their first line
RECORD = "RECORD"  # the rows of RECORD but those of the scripts, where there are any
INDEX = "index.json"


@dataclass(frozen=True, kw_only=True)
class Index:
    """What is in an entry. All paths are relative to a ve.

    `record` is where RECORD belongs; `directories` has parents before children; `files` are
    (path, bytes, mtime in ns); `scripts` are (path, name of the body, executable).
    """

    record: str
    directories: list[str]
    files: list[tuple[str, int, int]]
    scripts: list[tuple[str, str, bool]]

    def write(self, place: Path) -> None:
        """Write it into an entry."""
        (place / INDEX).write_text(json.dumps(asdict(self), separators=(",", ":")),
                                   encoding="utf-8")


class Entry:
    """An entry that has been found. Raises OSError or ValueError for one that has no index."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.index = Index(**json.loads((place / INDEX).read_bytes()))

    @property
    def tree(self) -> str:
        """The directory with the files."""
        return f"{self.place}/{TREE}"

    @cached_property
    def paths(self) -> list[str]:
        """Every path in a ve that it has something for."""
        return [*(file[0] for file in self.index.files),
                *(script[0] for script in self.index.scripts)]

    def body(self, name: str) -> bytes:
        """A script without its first line."""
        return (self.place / name).read_bytes()

    def record(self) -> bytes:
        """The rows of RECORD but those of the scripts."""
        return (self.place / RECORD).read_bytes()

    def is_whole(self) -> bool:
        """Whether every file is there with the size and the time that it was written with.

        That is a look at the file system, not at the bytes: it finds what was lost in a crash and
        what somebody edited through a ve, at a hundredth of the cost of reading. `check` reads.
        """
        tree = self.tree
        try:
            for path, size, mtime in self.index.files:
                status = os.stat(f"{tree}/{path}", follow_symlinks=False)
                if status.st_size != size or status.st_mtime_ns != mtime:
                    return False
            return all((self.place / body).is_file() for _, body, _ in self.index.scripts)
        except OSError:
            return False
