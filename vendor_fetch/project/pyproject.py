"""Errors about settings in pyproject.toml, with the line of the setting."""

import re
from pathlib import Path

from bootstrapper.errors import InputError
from vendor_fetch.program import edit_and_sync

_COMMENT = re.compile(r"""("[^"\n]*"|'[^'\n]*')|#.*""")


def setting_error(
    directory: Path, key: str, fault: str, example: str, *, item: int = 0
) -> InputError:
    """Return the error that shows the line of a key in [tool.vendor_fetch], and a right one.

    If the value is a list of tables, `item` is the number of the wrong one, counted from 1.
    """
    text = (directory / "pyproject.toml").read_text(encoding="utf-8-sig")
    found = re.search(
        rf"^\[tool\.vendor_fetch\](?:\n(?!\[).*)*?\n(?P<line> *{key} *=.*)", text, re.MULTILINE
    )
    if not found:
        next_step = edit_and_sync("pyproject.toml", f"such as: {example}")
        return InputError("pyproject.toml", f"[tool.vendor_fetch] {fault}", next_step)
    place = found.start("line")
    # Braces in comments and texts do not count; the length stays the same.
    code = _COMMENT.sub(lambda part: " " * len(part[0]), text[place:])
    braces = [match.start() for match in re.finditer("{", code)]
    if 0 < item <= len(braces):
        place += braces[item - 1]
    number = text.count("\n", 0, place)
    return InputError(
        f"pyproject.toml:{number + 1}",
        f"{fault}\n    {text.splitlines()[number].strip()}",
        edit_and_sync("pyproject.toml", f"such as: {example}"),
    )
