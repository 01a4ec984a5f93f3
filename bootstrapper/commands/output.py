"""Print lines, tables, JSON, and progress while a command waits."""

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from bootstrapper.deploy.screen.printable import cells, fitted
from bootstrapper.plain_text import single_line
from bootstrapper.progress import Progress

_SURROGATE = re.compile("[\ud800-\udfff]")


def write(pieces: Iterable[bytes]) -> None:
    """Write each piece at once; end quietly if the reader has closed the pipe (`| head`)."""
    try:
        sys.stdout.flush()
        for data in pieces:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
    except BrokenPipeError:
        # Python flushes standard output once more when it ends, and would fail then.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write_lines(lines: Iterable[str]) -> None:
    """Write lines of text; letters that the encoding lacks become `?`."""
    encoding = sys.stdout.encoding or "utf-8"
    write([b"".join(f"{line}\n".encode(encoding, "replace") for line in lines)])


def json_text(value: object, indent: int | None = 2) -> str:
    """Return the value as JSON.

    A file name or a comment that is not UTF-8 has surrogates in Python. UTF-8 has none, so that
    readers of the JSON refuse them: each becomes U+FFFD, as in the JSON of a log.
    """
    text = json.dumps(value, ensure_ascii=False)
    return json.dumps(json.loads(_SURROGATE.sub("\ufffd", text)), indent=indent)


def table(
    rows: Sequence[Sequence[str]],
    width: int | None,
    *,
    more: str,
    colours: Mapping[int, Callable[[str], str]] | None = None,
) -> Iterator[str]:
    """Yield the lines of a table; the last column takes the rest of `width`, cut with `more`.

    The text of cells is made printable. The first row is a heading; `colours` paint the cells of the
    other rows by their column.
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


@contextmanager
def waiting(text: str, verbosity: int) -> Iterator[None]:
    """Show the text as long as it takes, on standard error, as it is no result."""
    progress = Progress(sys.stderr, verbosity)
    progress.paint(f"{single_line(text)} ...")
    try:
        yield
    finally:
        progress.paint("")
