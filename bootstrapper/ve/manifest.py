"""What a ve was built from: bootstrapper.json in it, which `check` holds against the lock."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from bootstrapper.ve.interpreter import Interpreter
from bootstrapper.ve.lockfile import LockedFile
from bootstrapper.ve.tree import Part
from bootstrapper.ve.vendored import sha256_of

NAME = "bootstrapper.json"
FORMAT = 2


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The vendored files by path with their sha256, and the Python, such as `3.12.1`.

    `records` has the sha256 of each RECORD by its path in the ve, so that a change to a RECORD
    is seen, too; `bytecode` the digest of the bytecode that belongs to it.
    """

    python: str
    files: Mapping[str, str]
    records: Mapping[str, str]
    bytecode: Mapping[str, str]
    format: int = FORMAT

    @classmethod
    def of(cls, ve: Path, interpreter: Interpreter,
           files: Iterable[LockedFile], parts: Iterable[Part]) -> "Manifest":
        """The manifest of a ve into which `files` have just been installed, as `parts`."""
        return cls(python=interpreter.environment["python_full_version"],
                   files={str(file.path): file.sha256[0] for file in files},
                   records={path.relative_to(ve).as_posix(): sha256_of(path)
                            for path in sorted((ve / interpreter.site).glob("*.dist-info/RECORD"))},
                   bytecode={part.entry.index.record: part.entry.index.bytecode
                             for part in parts})

    def write(self, ve: Path) -> None:
        """Write it into a ve."""
        (ve / NAME).write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, ve: Path) -> "Manifest | None":
        """That of a ve; None if it has none that we can read."""
        try:
            content = json.loads((ve / NAME).read_text(encoding="utf-8"))
            return cls(**content) if content["format"] == FORMAT else None
        except (OSError, ValueError, TypeError, KeyError):
            return None
