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
_LISTS = ("yours", "pages", "generated")


@dataclass(frozen=True, kw_only=True)
class FileKinds:
    """Patterns of paths, which begin at the project.

    An update never touches `yours`, and makes the `generated` files again. The `pages` belong to the
    project as soon as it has changed one of them.
    """

    yours: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    generated: tuple[str, ...] = ()

    def is_generated(self, path: str) -> bool:
        """Return whether sync makes a file."""
        return _matches(path, self.generated)

    def is_page(self, path: str) -> bool:
        """Return whether a file is one of the pages."""
        return _matches(path, self.pages)

    def is_yours(self, path: str) -> bool:
        """Return whether a file belongs to the project alone."""
        return _matches(path, self.yours) or self.is_page(path)

    def is_owned(self, path: str) -> bool:
        """Return whether git merges the template's changes into a file."""
        return not self.is_generated(path) and not self.is_yours(path)

    def __or__(self, other: "FileKinds") -> "FileKinds":
        return FileKinds(
            yours=self.yours + other.yours,
            pages=self.pages + other.pages,
            generated=self.generated + other.generated,
        )


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
    for name in _LISTS:
        patterns = lists.get(name, []) if isinstance(lists, dict) else None
        if not isinstance(patterns, list) or not all(isinstance(each, str) for each in patterns):
            raise InputError(
                f"{file}: files.{name}", "is not a list of patterns", edit(file, "correct it")
            )
    return FileKinds(**{name: tuple(lists.get(name, ())) for name in _LISTS})


def _matches(path: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in patterns)
