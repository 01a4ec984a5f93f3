"""Make text from outside safe for one line of a terminal: no control characters, no overflow."""

from unicodedata import combining, east_asian_width

from bootstrapper.plain_text import ESCAPES

TAB = 4


def printable(text: str | bytes) -> str:
    """Return a line as it stands in the end: without escapes, and what a carriage return went over."""
    if isinstance(text, bytes):
        text = text.decode(errors="replace")
    if text.isprintable():
        return text
    text = ESCAPES.sub("", text).rstrip("\r\n").rpartition("\r")[2].expandtabs(TAB)
    return "".join(
        letter if letter.isprintable() else " " if letter.isspace() else "" for letter in text
    )


def cells(text: str) -> int:
    """Return how many columns of a terminal a printable text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if combining(letter) else 2 if east_asian_width(letter) in "WF" else 1 for letter in text
    )


def fitted(text: str, width: int, *, more: str = "…") -> str:
    """Return the text, cut to `width` columns; `more` then stands at its end."""
    if cells(text) <= width:
        return text
    left = width - len(more)
    if left < 0:
        return ""
    end = 0
    for end, letter in enumerate(text):  # noqa: B007  (where it stopped is the result)
        left -= cells(letter)
        if left < 0:
            break
    return text[:end] + more
