"""Whose the files of a generated project are: the template's, the project's, or the locks'."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from bootstrapper.errors import InputError
from bootstrapper.next_step import edit

LIST = "template.toml"


@dataclass(frozen=True, kw_only=True)
class FileKinds:
    """The patterns of paths that an update never touches (`yours`) or makes again (`generated`)."""

    yours: tuple[str, ...] = ()
    generated: tuple[str, ...] = ()

    def is_generated(self, path: str) -> bool:
        """Return whether sync makes a file, whose path begins at the project."""
        return _matches(path, self.generated)

    def is_yours(self, path: str) -> bool:
        """Return whether a file belongs to the project alone."""
        return _matches(path, self.yours)

    def is_owned(self, path: str) -> bool:
        """Return whether git merges the template's changes into a file."""
        return not self.is_generated(path) and not self.is_yours(path)

    def __or__(self, other: "FileKinds") -> "FileKinds":
        return FileKinds(yours=self.yours + other.yours, generated=self.generated + other.generated)


def read_kinds(template: Path) -> FileKinds:
    """Return the lists of a template: a checkout. They are empty if it has no template.toml.

    Raise InputError for a faulty file.
    """
    file = template / LIST
    try:
        content: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return FileKinds()
    except (ValueError, OSError) as error:
        raise InputError(str(file), f"can't be read: {error}", edit(file, "correct it")) from None
    lists = content.get("files", {})
    for name in ("yours", "generated"):
        patterns = lists.get(name, []) if isinstance(lists, dict) else None
        if not isinstance(patterns, list) or not all(isinstance(each, str) for each in patterns):
            raise InputError(
                f"{file}: files.{name}", "is not a list of patterns", edit(file, "correct it")
            )
    return FileKinds(
        yours=tuple(lists.get("yours", ())), generated=tuple(lists.get("generated", ()))
    )


def _matches(path: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in patterns)
