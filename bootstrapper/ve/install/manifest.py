"""bootstrapper.json: what a virtualenv was built from, for `check`."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bootstrapper.ve.install import installed_files
from bootstrapper.ve.install.tree import Tree
from bootstrapper.ve.project.lockfile import LockedFile
from bootstrapper.ve.project.vendored_files import sha256_of
from bootstrapper.ve.python.interpreter import Interpreter
from bootstrapper.ve.store.entry import NamedEntry
from bootstrapper.ve.system import modes

NAME = "bootstrapper.json"
FORMAT = 3


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The vendored files by path with their sha256, and the version of Python, such as `3.12.1`.

    `records` has the sha256 of each RECORD by its path in the virtualenv, so that `check` finds a
    changed RECORD. `bytecode` has the digest of each distribution's bytecode, by its RECORD. Both
    are in the lock's order. `executable` are the paths of executable files.
    """

    python: str
    files: Mapping[str, str]
    records: Mapping[str, str]
    bytecode: Mapping[str, str]
    executable: Sequence[str]
    format: int = FORMAT

    @classmethod
    def of(
        cls,
        ve: Path,
        interpreter: Interpreter,
        files: Iterable[LockedFile],
        parts: Sequence[NamedEntry],
    ) -> "Manifest":
        """Return the manifest of a virtualenv into which `files` have been installed, as `parts`."""
        tree = Tree(parts)
        return cls(
            python=interpreter.environment["python_full_version"],
            files={str(file.path): file.sha256[0] for file in files},
            records={
                part.entry.index.record: sha256_of(ve / part.entry.index.record) for part in parts
            },
            bytecode=_bytecode(ve, tree),
            executable=sorted(tree.executable()),
        )

    def write(self, ve: Path) -> None:
        """Write the manifest into a virtualenv."""
        path = ve / NAME
        path.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")
        path.chmod(modes.FILE)

    @classmethod
    def read(cls, ve: Path) -> "Manifest | None":
        """Return the manifest of a virtualenv; None if it has none of this format."""
        try:
            content = json.loads((ve / NAME).read_text(encoding="utf-8"))
            return cls(**content) if content["format"] == FORMAT else None
        except (OSError, ValueError, TypeError, KeyError):
            return None


def _bytecode(ve: Path, tree: Tree) -> dict[str, str]:
    """Return the digest of each distribution's bytecode, by its RECORD.

    An entry of the store has the digest of its own bytecode. That is not enough for scripts, whose
    bytecode is compiled in the virtualenv, and for files that another distribution replaces.
    """
    indexes = [part.entry.index for part in tree.parts]
    digests = {index.record: index.bytecode for index in indexes}
    unlike = [
        part.entry.index.record
        for part in tree.parts
        if part.name in tree.overridden
        or any(path.endswith(".py") for path, _, _ in part.entry.index.scripts)
    ]
    if unlike:
        records = {index.record: installed_files.rows(ve, index.record) for index in indexes}
        owners = installed_files.owners(records)
        for record in unlike:
            digests[record] = installed_files.bytecode_digest(
                ve, [row for row in records[record] if owners[row[0]] == record]
            )
    return digests
