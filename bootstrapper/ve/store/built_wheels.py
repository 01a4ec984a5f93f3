"""The store's cache of wheels that were built from tarballs."""

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

# Variables with which users configure the build of C extensions; a built wheel depends on them.
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
    """A wheel that was built from a tarball.

    `built_with` are the vendored files, other than tools, that the build used, with their sha256.
    """

    path: Path
    sha256: str
    built_with: Mapping[str, str]

    def write(self, place: Path) -> None:
        """Write this description beside the wheel in `place`."""
        note = {
            "wheel": self.path.name,
            "sha256": self.sha256,
            "beside": dict(self.built_with),
            "traces": file_stamps(os.fspath(place)),
        }
        (place / _NOTE).write_bytes(with_checksum(json.dumps(note).encode()))

    @classmethod
    def read(cls, place: Path) -> "BuiltWheel":
        """Return the built wheel in a place of the store. Raise OSError or ValueError if it is damaged."""
        note = json.loads(checked_content((place / _NOTE).read_bytes()))
        if not unchanged(os.fspath(place), note["traces"]):
            raise ValueError(f"{place} is damaged")
        return cls(path=place / note["wheel"], sha256=note["sha256"], built_with=note["beside"])


class BuiltWheelCache:
    """The built wheels in the store for one interpreter and one set of tools."""

    def __init__(self, store: Store, interpreter: Interpreter, tools: Sequence[LockedFile]) -> None:
        self._store = store
        # All platform tags, because they depend on the version of the C library.
        self._facts = [
            interpreter.environment["python_full_version"],
            interpreter.abiflags,
            interpreter.platforms,
            sorted(tool.sha256 for tool in tools),
            [os.environ.get(name) for name in BUILD_VARIABLES],
        ]

    def place(self, file: LockedFile) -> Path:
        """Return the store's place for the wheel of a tarball."""
        facts = repr([file.sha256, *self._facts])
        return self._store.place("wheels", hashlib.sha256(facts.encode()).hexdigest())

    def find(self, file: LockedFile, vendored: Mapping[str, str]) -> BuiltWheel | None:
        """Return the wheel of a tarball; None if the store has none.

        `vendored` are the project's files with their sha256. A wheel whose build used other ones is
        discarded.
        """

        def read(place: Path) -> BuiltWheel:
            built = BuiltWheel.read(place)
            if not built.built_with.items() <= vendored.items():
                raise ValueError("it was built with other files")
            return built

        return self._store.find(self.place(file), read)
