"""Read the lines of a requirements file as pip does: comments, continued lines, a BOM, CRLF."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

LINE_END = re.compile(r"\r\n|\n|\r")
_COMMENT = re.compile(r"(^|\s)#.*$")
_INCLUDE = re.compile(r"(?:-r\s*|--requirement[\s=]\s*)(?P<path>\S+)")
_OPTION = re.compile(r"\s--?[A-Za-z]")


@dataclass(frozen=True, kw_only=True)
class RequirementLine:
    """A line without its comment, from row `first` to row `last` of the file, counted from 1.

    A row that ends with a backslash goes on in the next one.
    """

    first: int
    last: int
    text: str

    @property
    def included(self) -> str | None:
        """The path of the file that the line includes (`-r FILE`); None for other lines."""
        match = _INCLUDE.fullmatch(self.text)
        return match["path"] if match else None

    @property
    def requirement(self) -> str:
        """The line without its options, such as `--hash`; empty for a line of options only."""
        match = _OPTION.search(f" {self.text}")
        return self.text[: match.start()].rstrip() if match else self.text


def requirement_lines(text: str) -> Iterator[RequirementLine]:
    """Yield the lines of a requirements file that have more than a comment."""
    first, gathered, number = 0, "", 0
    for number, row in enumerate(LINE_END.split(text.removeprefix("\ufeff")), 1):
        content = _COMMENT.sub("", row)
        first = first or number
        if content.endswith("\\"):
            gathered += content[:-1] + " "
            continue
        gathered = (gathered + content).strip()
        if gathered:
            yield RequirementLine(first=first, last=number, text=gathered)
        first, gathered = 0, ""
    if gathered.strip():
        yield RequirementLine(first=first, last=number, text=gathered.strip())
