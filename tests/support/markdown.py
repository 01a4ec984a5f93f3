"""The commands and files that a page of the documentation shows in indented blocks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_BLOCK = re.compile(r"((?:^[^\s|#].*\n)*)^\n((?:^    .*\n|^\n(?=\n*    ))+)", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Block:
    """An indented block, without its indentation, and the paragraph above it, if there is one."""

    above: str
    text: str


def blocks(page: str) -> Iterator[Block]:
    """Yield the blocks of a page, or of a section of it, in their order."""
    for above, text in _BLOCK.findall(page):
        yield Block(
            above=" ".join(above.split()), text=re.sub("^    ", "", text, flags=re.MULTILINE)
        )
