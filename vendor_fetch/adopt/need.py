"""What a deployment needs of a project."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Need:
    """What a deployment needs: the file, the reason, and the lines to add there; none if it is a note."""

    file: str
    why: str
    lines: tuple[str, ...] = ()
