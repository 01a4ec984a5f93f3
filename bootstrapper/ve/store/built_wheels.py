"""Tarballs become wheels, each of them once: the store keeps what was built."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bootstrapper.ve.project.lockfile import LockedFile
from bootstrapper.ve.python.interpreter import Interpreter
from bootstrapper.ve.store.integrity import checked_content, file_stamps, unchanged, with_checksum
from bootstrapper.ve.store.store import Store

# What people set to have C extensions built in their way; a wheel depends on it.
BUILD_VARIABLES = (
    "AR",
    "CC",
    "CFLAGS",
    "CPATH",
    "CPPFLAGS",
    "CXX",
    "CXXFLAGS",
    "LDFLAGS",
    "LDSHARED",
    "LD_LIBRARY_PATH",
    "LIBRARY_PATH",
    "PKG_CONFIG_PATH",
)
_NOTE = "built.json"


@dataclass(frozen=True, kw_only=True)
class BuiltWheel:
    """The wheel of a tarball.

    `built_with` are the vendored files other than tools that it was built with, with their sha256.
    """

    path: Path
    sha256: str
    built_with: Mapping[str, str]

    def write(self, place: Path) -> None:
        """Note it beside the wheel, which is there."""
        note = {
            "wheel": self.path.name,
            "sha256": self.sha256,
            "beside": dict(self.built_with),
            "traces": file_stamps(os.fspath(place)),
        }
        (place / _NOTE).write_bytes(with_checksum(json.dumps(note).encode()))

    @classmethod
    def read(cls, place: Path) -> "BuiltWheel":
        """The one in a place of the store. Raises OSError or ValueError if it is damaged."""
        note = json.loads(checked_content((place / _NOTE).read_bytes()))
        if not unchanged(os.fspath(place), note["traces"]):
            raise ValueError(f"{place} is damaged")
        return cls(path=place / note["wheel"], sha256=note["sha256"], built_with=note["beside"])


class BuiltWheelCache:
    """The places of built wheels in the store, for one interpreter and one set of tools."""

    def __init__(self, store: Store, interpreter: Interpreter, tools: Sequence[LockedFile]) -> None:
        self._store = store
        # All the platform tags, because they tell the C library's version.
        self._facts = [
            interpreter.environment["python_full_version"],
            interpreter.abiflags,
            interpreter.platforms,
            sorted(tool.sha256 for tool in tools),
            [os.environ.get(name) for name in BUILD_VARIABLES],
        ]

    def place(self, file: LockedFile) -> Path:
        """Where the wheel of a tarball is, or would be."""
        facts = repr([file.sha256, *self._facts])
        return self._store.place("wheels", hashlib.sha256(facts.encode()).hexdigest())

    def find(self, file: LockedFile, others: Mapping[str, str]) -> BuiltWheel | None:
        """The wheel of a tarball, if there is one; `others` are vendored files and their sha256."""

        def read(place: Path) -> BuiltWheel:
            built = BuiltWheel.read(place)
            if not built.built_with.items() <= others.items():
                raise ValueError("it was built with others")
            return built

        return self._store.find(self.place(file), read)
