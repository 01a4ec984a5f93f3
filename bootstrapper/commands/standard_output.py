"""Standard output of the commands that only tell: its reader may go before all is told."""

import os
import sys
from collections.abc import Iterable


def write(pieces: Iterable[bytes]) -> None:
    """Each piece at once; ends quietly where the reader has seen enough (`| head`)."""
    try:
        sys.stdout.flush()
        for data in pieces:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
    except BrokenPipeError:
        # Python flushes standard output once more when it ends, and would fail then.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write_lines(lines: Iterable[str]) -> None:
    """Lines of text; what its encoding lacks is shown as `?`."""
    encoding = sys.stdout.encoding or "utf-8"
    write([b"".join(f"{line}\n".encode(encoding, "replace") for line in lines)])
