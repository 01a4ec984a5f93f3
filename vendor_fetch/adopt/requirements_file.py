"""Read the requirements files of pip and pip-tools."""

import codecs
import os
import re
from collections.abc import Iterator
from pathlib import Path

from bootstrapper.ve.project.requirement_lines import requirement_lines
from vendor_fetch.adopt.entry import Entry
from vendor_fetch.adopt.requirement_entry import entry_of

_BOMS = (
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_INCLUDE = re.compile(
    r"(?:-r\s*|--requirement[\s=]\s*|(?P<limits>-c\s*|--constraint[\s=]\s*))"
    r"(?P<path>\"[^\"]+\"|'[^']+'|\S+)"
)


def read_requirements(file: Path, root: Path, *, limits_only: bool = False) -> Iterator[Entry]:
    """Yield the entries of a requirements file and of those that it includes.

    Places are relative to the directory `root`.
    """
    yield from _read(file, root, {(file, limits_only)}, limits_only)


def _read(
    file: Path, root: Path, seen: set[tuple[Path, bool]], limits_only: bool
) -> Iterator[Entry]:
    name = os.path.relpath(file, root)
    try:
        text = text_of_list(file)
    except (OSError, UnicodeDecodeError) as error:
        yield Entry(place=name, text="", refusal=f"can't be read: {error}; save it as UTF-8")
        return
    for row in requirement_lines(text):
        place = f"{name}:{row.first}"
        if match := _INCLUDE.fullmatch(row.text):
            path = match["path"].strip("\"'")
            included = Path(os.path.normpath(file.parent / path))
            if "://" in path or not included.is_file():
                yield Entry(
                    place=place,
                    text=row.text,
                    refusal="there is no such file here; write its lines into the project",
                )
                continue
            limiting = limits_only or bool(match["limits"])
            if (included, limiting) in seen:
                yield Entry(place=place, text=row.text, change="its lines are in the table already")
                continue
            seen.add((included, limiting))
            yield Entry(place=place, text=row.text, change="its lines follow")
            yield from _read(included, root, seen, limiting)
            continue
        yield entry_of(place, row.text, limits_only=limits_only)


def text_of_list(file: Path) -> str:
    """Return the text of a list. PowerShell writes UTF-16, with a byte order mark.

    An old comment may be in another encoding, which matters to nobody: requirements are ASCII.
    Raise OSError, or UnicodeDecodeError for half a character of UTF-16.
    """
    content = file.read_bytes()
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return content.removeprefix(mark).decode(encoding)
    content = content.removeprefix(codecs.BOM_UTF8)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")
