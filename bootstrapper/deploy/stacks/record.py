"""The record of init: what the project was before, so that `init --undo` can give it back."""

import base64
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from bootstrapper.deploy.stacks.aside import DIRECTORY
from bootstrapper.errors import InputError

RECORD = f"{DIRECTORY}/record.json"


@dataclass(frozen=True, kw_only=True)
class IgnoreChange:
    """The change of .gitignore: `added` is behind the `old` bytes, which are None for a new file."""

    old: bytes | None
    mode: int
    added: bytes

    @property
    def new(self) -> bytes:
        """The content that init wrote."""
        return (self.old or b"") + self.added


@dataclass(frozen=True, kw_only=True)
class Record:
    """What init changed. `definition` is the sha256 of the deployments.toml that it wrote.

    `ignore` is None if .gitignore had all lines. `made_directory` is whether init made deploy/.
    """

    definition: str
    ignore: IgnoreChange | None
    made_directory: bool

    def to_bytes(self) -> bytes:
        """Return the text of the file."""
        ignore = self.ignore
        content = {
            "definition": self.definition,
            "ignore": None
            if ignore is None
            else {
                "old": None if ignore.old is None else base64.b64encode(ignore.old).decode(),
                "mode": ignore.mode,
                "added": base64.b64encode(ignore.added).decode(),
            },
            "made_directory": self.made_directory,
        }
        return (json.dumps(content, indent=1) + "\n").encode()


def read_record(project: Path) -> Record | None:
    """Return the record of a project; None if it has none. Raise InputError for a faulty one."""
    try:
        content = json.loads((project / RECORD).read_bytes())
        ignore = content["ignore"]
        change = None
        if ignore is not None:
            old = ignore["old"]
            change = IgnoreChange(
                old=None if old is None else base64.b64decode(old, validate=True),
                mode=int(ignore["mode"]) & 0o777,
                added=base64.b64decode(ignore["added"], validate=True),
            )
        return Record(
            definition=str(content["definition"]),
            ignore=change,
            made_directory=bool(content["made_directory"]),
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            RECORD,
            f"can't be read: {error}",
            f"mv {RECORD} {RECORD}.old  # and take init's files back by hand: git log --stat",
        ) from None


def sha256_of(content: bytes) -> str:
    """Return the sha256 by which the record knows a content."""
    return hashlib.sha256(content).hexdigest()
