"""Bound the memory of uv: an index may send a page that unpacks to any size.

uv reads a page as a whole, and compressed pages can become a thousand times as large. The largest page
of 2026 has 30 MB. The limit is also that of the builds that uv starts.
"""

import os
import re
from collections.abc import Sequence

_MOST = 2 << 30
_LEAST = 1 << 30
# Of Rust, when the system refuses memory.
_REFUSED = re.compile(r"memory allocation of \d+ bytes failed|out of memory|Cannot allocate memory")
# A limit that the system does not have is no fault. macOS has the option, and ignores it.
_SCRIPT = 'ulimit -d "$0" 2>/dev/null; exec "$@"'


def limit() -> int:
    """Return how many bytes uv may have: half of the machine's memory, between 1 and 2 GiB."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(_LEAST, min(_MOST, memory // 2))


def limited(command: Sequence[str]) -> list[str]:
    """Return a command that runs another one with the limit."""
    return ["/bin/sh", "-c", _SCRIPT, str(limit() >> 10), *command]


def ran_out(output: str) -> bool:
    """Return whether a program has printed that it got no more memory."""
    return bool(_REFUSED.search(output))
