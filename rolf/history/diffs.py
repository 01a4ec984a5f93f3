"""The differences that a change made, field by field, for pages."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

CONTEXT = 3  # lines around what differs, as diff -u has them
MOST = 1000  # lines; the time of a comparison grows with their square


@dataclass(frozen=True, kw_only=True)
class Line:
    r"""A line of a diff: `mark` is "+", "-" or " " as in a unified diff.

    "@" stands for omitted lines, and "\\" follows a last line without a newline, as in git. Line
    numbers count from 1; they are None on the side that lacks the line.
    """

    mark: str
    text: str = ""
    old: int | None = None
    new: int | None = None


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A field that differs. A secret has no values; a text of several lines has `lines`."""

    field: str
    before: str = ""
    after: str = ""
    secret: bool = False
    lines: tuple[Line, ...] = ()


def differences(before, after, *, secret=False):
    """Return the differences between two results of `history_fields()`.

    One is None if the row was created or deleted; the other's empty fields are then left out.
    `secret` hides the value of a setting, as do fields that say it is secret.
    """
    before, after = before or {}, after or {}
    secret = bool(secret or before.get("secret") or after.get("secret"))
    found = []
    for field in dict.fromkeys([*before, *after]):
        old, new = before.get(field), after.get(field)
        if old == new or (_shown(old) == _shown(new) == ""):
            continue
        if secret and field == "value":
            # If a setting has just become secret, its old value is the secret.
            found.append(Difference(field=field, secret=True))
        else:
            found.append(_difference(field.replace("_", " "), _shown(old), _shown(new)))
    return found


def lines(before, after):
    """Return the diff of two texts, with some lines of context."""
    old, new = _split(before), _split(after)
    if max(len(old), len(new)) > MOST:
        return (
            Line(mark="-", text=f"({len(old):,} lines)"),
            Line(mark="+", text=f"({len(new):,} lines)"),
        )
    matcher = SequenceMatcher(None, old, new)
    found = []
    for group in matcher.get_grouped_opcodes(CONTEXT):
        # Mark omitted lines, but not before the first line of the text.
        if found or group[0][1] or group[0][3]:
            found.append(Line(mark="@"))
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                for i, j in zip(range(i1, i2), range(j1, j2), strict=True):
                    found += _line(" ", old[i], old=i + 1, new=j + 1)
                continue
            for i in range(i1, i2):
                found += _line("-", old[i], old=i + 1)
            for j in range(j1, j2):
                found += _line("+", new[j], new=j + 1)
    return tuple(found)


def _line(mark, text, **numbers):
    whole = text.endswith("\n")
    # Show carriage returns: otherwise both lines would look the same.
    shown = text.removesuffix("\n").replace("\r", "␍")
    yield Line(mark=mark, text=shown, **numbers)
    if not whole:
        yield Line(mark="\\", text="no newline at the end")


def _difference(field, before, after):
    if "\n" in before or "\n" in after:
        return Difference(field=field, lines=lines(before, after))
    return Difference(field=field, before=before, after=after)


def _shown(value):
    """Return the value as text for pages."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "\n".join(map(str, value))
    return "" if value is None else str(value)


def _split(text):
    """Return the lines of a text with their newlines; no other character ends a line."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)
