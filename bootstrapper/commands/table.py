"""Rows in columns that line up."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from bootstrapper.deploy.screen.printable import cells, fitted
from bootstrapper.plain_text import single_line


def table(rows: Sequence[Sequence[str]], width: int | None, *, more: str,
          colours: Mapping[int, Callable[[str], str]] | None = None) -> Iterator[str]:
    """Lines; the last column takes what is left of `width`, and is cut there, with `more`.

    Cells are what strangers wrote: they are made printable. The first row is a heading, the
    others' cells in a column of `colours` are painted by it.
    """
    clean = [[single_line(cell) for cell in row] for row in rows]
    widths = [max(map(cells, column)) for column in zip(*clean, strict=True)][:-1]
    for number, row in enumerate(clean):
        parts = []
        for index, (cell, columns) in enumerate(zip(row, widths, strict=False)):
            padded = cell + " " * (columns - cells(cell))
            paint = colours.get(index) if colours and number else None
            parts.append(paint(padded) if paint else padded)
        last = row[-1]
        if width is not None:
            last = fitted(last, max(width - sum(widths) - 2 * len(widths), len(more)), more=more)
        yield "  ".join([*parts, last]).rstrip()
