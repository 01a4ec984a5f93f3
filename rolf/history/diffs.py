"""What a change changed, field by field, as a page tells it."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

CONTEXT = 3  # lines around what differs, as diff -u has them
MOST = 1000  # lines of a text that are compared; beyond, the time goes with their square


@dataclass(frozen=True, kw_only=True)
class Line:
    r"""A line of a text that differs: `mark` is "+", "-" or " " as in a unified diff.

    Where lines are left out it is "@", and "\\" (as git has it) after a last line that has no
    newline. Numbers count from 1; a line that isn't on one side has none there.
    """

    mark: str
    text: str = ""
    old: int | None = None
    new: int | None = None


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A field. Of a secret neither value is told; a text of several lines is told by `lines`."""

    field: str
    before: str = ""
    after: str = ""
    secret: bool = False
    lines: tuple[Line, ...] = ()


def differences(before, after, *, secret=False):
    """Return what differs between what `history_fields()` returned before and after.

    None is of something new or deleted: then its fields are told that hold anything. `secret`
    hides the value, as of a setting that is a secret by itself.
    """
    before, after = before or {}, after or {}
    secret = bool(secret or before.get("secret") or after.get("secret"))
    told = []
    for field in dict.fromkeys([*before, *after]):
        old, new = before.get(field), after.get(field)
        if old == new or (_shown(old) == _shown(new) == ""):
            continue
        if secret and field == "value":
            # A setting that became secret today has the value that is to be hidden from today on.
            told.append(Difference(field=field, secret=True))
        else:
            told.append(_difference(field.replace("_", " "), _shown(old), _shown(new)))
    return told


def lines(before, after):
    """Return the lines that differ between two texts, with those around them."""
    old, new = _split(before), _split(after)
    if max(len(old), len(new)) > MOST:
        return (Line(mark="-", text=f"({len(old):,} lines)"),
                Line(mark="+", text=f"({len(new):,} lines)"))
    matcher = SequenceMatcher(None, old, new)
    told = []
    for group in matcher.get_grouped_opcodes(CONTEXT):
        # What is left out is told where it is missing: not before the first line of all.
        if told or group[0][1] or group[0][3]:
            told.append(Line(mark="@"))
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                for i, j in zip(range(i1, i2), range(j1, j2), strict=True):
                    told += _line(" ", old[i], old=i + 1, new=j + 1)
                continue
            for i in range(i1, i2):
                told += _line("-", old[i], old=i + 1)
            for j in range(j1, j2):
                told += _line("+", new[j], new=j + 1)
    return tuple(told)


def _line(mark, text, **numbers):
    whole = text.endswith("\n")
    # A carriage return that came or went would look like no difference at all.
    shown = text.removesuffix("\n").replace("\r", "␍")
    yield Line(mark=mark, text=shown, **numbers)
    if not whole:
        yield Line(mark="\\", text="no newline at the end")


def _difference(field, before, after):
    if "\n" in before or "\n" in after:
        return Difference(field=field, lines=lines(before, after))
    return Difference(field=field, before=before, after=after)


def _shown(value):
    """Return the value as people say it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "\n".join(map(str, value))
    return "" if value is None else str(value)


def _split(text):
    """Return the lines of a text, with their newlines; nothing else ends one."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)
