"""Format rows as a table of plain text, and values as JSON."""

import json
import re
from collections.abc import Iterator, Sequence

from bootstrapper.plain_text import single_line


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table whose first row is a heading.

    The cells come from files of others: no cell has a line break or a control character.
    """
    clean = [[single_line(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*clean, strict=True)]
    for row in clean:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def json_text(value: object) -> str:
    """Return a value as JSON, in ASCII: texts of others may have any character."""
    return json.dumps(value, indent=2)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: `1 package`, `2 packages`, `2 advisories`."""
    if number != 1:
        noun = f"{noun[:-1]}ies" if re.search("[^aeiou]y$", noun) else f"{noun}s"
    return f"{number} {noun}"
