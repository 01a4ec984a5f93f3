"""The table [tool.vendor_fetch] of pyproject.toml: which keys it has, and errors with their line."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bootstrapper.address import without_passwords
from bootstrapper.errors import InputError
from bootstrapper.next_step import edit
from bootstrapper.spelling import did_you_mean
from vendor_fetch.program import retry_command

# Every key that a module reads. docs/reference.md explains them.
KNOWN = (
    "advisories",
    "allowed-licenses",
    "build-requires",
    "cooldown",
    "format",
    "ignore",
    "licenses",
    "targets",
)
_FILE = "pyproject.toml"
_TABLE = "tool.vendor_fetch"
_HEADER = re.compile(r"[ \t]*\[\[?[ \t]*([\w.\"' -]+?)[ \t]*\]\]?[ \t]*(?:#.*)?")
_COMMENT = re.compile(r"""("[^"\n]*"|'[^'\n]*')|#.*""")


def refuse_unknown_keys(directory: Path, settings: Mapping[str, Any]) -> None:
    """Raise InputError for a key of [tool.vendor_fetch] that no module reads."""
    for key in settings:
        if key not in KNOWN:
            raise setting_error(
                directory,
                key,
                f"[{_TABLE}] has no key {key!r}{did_you_mean(key, KNOWN)}",
                "",
                change=f"remove it, or write one of {', '.join(KNOWN)}",
            )


def setting_error(
    directory: Path, key: str, fault: str, example: str, *, item: int = 0, change: str = ""
) -> InputError:
    """Return the error that shows the line of a key in [tool.vendor_fetch] or in a table below it.

    `example` is a right setting; `change` says in other words what to write. If the value is a list
    of tables, `item` is the number of the wrong one, counted from 1.
    """
    text = (directory / _FILE).read_text(encoding="utf-8-sig")
    next_step = edit(_FILE, f"{change or f'such as: {example}'}, then: {retry_command()}")
    places = list(_places(text, key))
    if not places:
        return InputError(_FILE, f"[{_TABLE}] {fault.removeprefix(f'[{_TABLE}] ')}", next_step)
    place = places[0]
    if 0 < item <= len(places) > 1:
        place = places[item - 1]
    else:
        # Braces in comments and texts do not count; the length stays the same.
        code = _COMMENT.sub(lambda part: " " * len(part[0]), text[place:])
        braces = [match.start() for match in re.finditer("{", code)]
        if 0 < item <= len(braces):
            place += braces[item - 1]
    number = text.count("\n", 0, place)
    line = without_passwords(text.splitlines()[number].strip())
    return InputError(f"{_FILE}:{number + 1}", f"{fault}\n    {line}", next_step)


def _places(text: str, key: str) -> Iterator[int]:
    """Yield where a key stands: as `key = …` in the table or one below it, or as a table's name."""
    name = rf"[\"']?{re.escape(key)}[\"']?"
    setting = re.compile(rf"[ \t]*{name}[ \t]*[=.]")
    table = re.compile(rf"{re.escape(_TABLE)}\.(?:.*\.)?{name}")
    place, inside = 0, False
    for line in text.splitlines(keepends=True):
        if header := _HEADER.fullmatch(line.rstrip("\r\n")):
            inside = header[1] == _TABLE or header[1].startswith(f"{_TABLE}.")
            if table.fullmatch(header[1]):
                yield place
        elif inside and setting.match(line):
            yield place
        place += len(line)
