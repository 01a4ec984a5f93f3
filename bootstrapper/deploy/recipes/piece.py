"""Pieces: code that several recipes of the cookbook share, one file each, `cookbook/NAME.bash`.

A recipe takes a piece in by a line of its own:

    # piece: link-shared

The piece stands in place of that line, as deep as the line was, before anything else looks at the
recipe's code. So the snapshot of a push, and a copy of a recipe, are whole.
"""

import re
from collections.abc import Mapping

SUFFIX = ".bash"  # of a piece's file; no recipe has it

_LINE = re.compile(r"^( *)# piece: ([a-z-]+)$", re.MULTILINE)


def put_in(code: str, pieces: Mapping[str, str]) -> str:
    """Return a recipe's code with its pieces, which may take in others; an unknown name stays."""

    def piece(match: re.Match[str]) -> str:
        indent, name = match.groups()
        if name not in pieces:
            return match[0]
        lines = put_in(pieces[name], pieces).rstrip("\n").split("\n")
        return "\n".join(f"{indent}{line}" if line else "" for line in lines)

    return _LINE.sub(piece, code)
