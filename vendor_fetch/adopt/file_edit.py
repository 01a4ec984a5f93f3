"""The new content of a file of an adopted project."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class FileEdit:
    """The new content of a file; `executable` is whether it is a program."""

    content: bytes
    executable: bool = False
