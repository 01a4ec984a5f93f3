"""An entry of the store: a wheel unpacked and compiled, ready to be linked into any ve."""

import json
import os
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from bootstrapper.ve.seal import Trace, intact, opened, sealed

TREE = "tree"      # the files, by their paths in a ve
BODIES = "bodies"  # scripts without their first line
RECORD = "RECORD"  # the rows of RECORD but those of the scripts, where there are any
INDEX = "index"    # what is in it, under a seal


@dataclass(frozen=True, kw_only=True)
class Index:
    """What is in an entry. All paths are relative to a ve.

    `record` is where RECORD belongs; `directories` has parents before children; `files` are
    traces; `scripts` are (path, name of the body, executable). `parts` are the traces of what
    scripts and RECORD are made of, relative to the entry.
    """

    record: str
    directories: list[str]
    files: list[Trace]
    scripts: list[tuple[str, str, bool]]
    parts: list[Trace]

    def write(self, place: Path) -> None:
        """Write it into an entry."""
        (place / INDEX).write_bytes(sealed(json.dumps(asdict(self),
                                                      separators=(",", ":")).encode()))


class Entry:
    """An entry that has been found. Raises OSError or ValueError for one that is damaged."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.index = Index(**json.loads(opened((place / INDEX).read_bytes())))
        if not (intact(self.tree, self.index.files)
                and intact(os.fspath(place), self.index.parts)):
            raise ValueError(f"{place} is damaged")

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
