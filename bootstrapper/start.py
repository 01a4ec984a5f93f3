"""Starting from our wheel, which has no bytecode: from what the store has of it, if it has.

Compiling all that a rebuild imports would take it a quarter of its time.
"""

import hashlib
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import MAGIC_NUMBER
from pathlib import Path

import bootstrapper.ve
from bootstrapper.ve.entry import Entry
from bootstrapper.ve.store_home import FORMAT, user_directory


def start(argv: Sequence[str], program: str) -> int:
    """What `bootstrap.py` calls: run one command; returns its exit status."""
    # Not from a wheel, or the store doesn't know it, or somebody changed what it knows: as we are.
    with suppress(OSError, ValueError):
        compiled = _compiled(Path(__file__).parents[1])
        for package in (bootstrapper, bootstrapper.ve):  # both have been imported from the wheel
            package.__path__.insert(0, f"{compiled}/{package.__name__.replace('.', '/')}")
    from bootstrapper.__main__ import main

    return main(argv, program=program)


def _compiled(wheel: Path) -> str:
    """The packages in the store's entry of the wheel. Raises OSError or ValueError."""
    sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
    kind = f"{sys.implementation.cache_tag}-{MAGIC_NUMBER.hex()}"
    entry = Entry.whole(user_directory() / FORMAT / kind / sha256)
    return f"{entry.tree}/{entry.index.record.rsplit('/', 2)[0]}"
