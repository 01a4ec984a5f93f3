"""The notes for people on what a new version of the template needs from them, in UPGRADING.md."""

import re
from pathlib import Path

NOTES = "UPGRADING.md"
_HEADING = re.compile(r"^## +(.+?)\s*$", re.MULTILINE)


def new_notes(old: Path, new: Path) -> list[str]:
    """Return the sections of the new checkout's notes that the old checkout's lack or have otherwise.

    The newest version is the first section of the file, and so it is here.
    """
    known = _sections(old)
    return [
        f"{heading}\n{text}"
        for heading, text in _sections(new).items()
        if known.get(heading) != text and text
    ]


def _sections(checkout: Path) -> dict[str, str]:
    try:
        text = (checkout / NOTES).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return {}
    parts = _HEADING.split(text)[1:]
    return {heading: body.strip() for heading, body in zip(parts[::2], parts[1::2], strict=True)}
