"""Starting from our wheel, which has no bytecode: from what the store has of it, if it has.

Compiling all that a rebuild imports would take it a quarter of its time.
"""

import hashlib
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import MAGIC_NUMBER
from pathlib import Path

import bootstrapper.ve.store
from bootstrapper.ve.store.entry import Entry
from bootstrapper.ve.store.home import FORMAT, places


def start(argv: Sequence[str], program: str) -> int:
    """What `bootstrap.py` calls: run one command; returns its exit status."""
    # Not from a wheel, or the store doesn't know it, or somebody changed what it knows: as we are.
    wheel = Path(__file__).parents[1]
    with suppress(OSError, ValueError):
        compiled = _compiled(wheel, places(wheel.parents[2]))
        # These have been imported from the wheel.
        for package in (bootstrapper, bootstrapper.ve, bootstrapper.ve.store):
            package.__path__.insert(0, f"{compiled}/{package.__name__.replace('.', '/')}")
    from bootstrapper.__main__ import main

    return main(argv, program=program)


def _compiled(wheel: Path, stores: Sequence[Path]) -> str:
    """The packages in the entry of the wheel in one of the stores. Raises OSError or ValueError."""
    sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
    kind = f"{sys.implementation.cache_tag}-{MAGIC_NUMBER.hex()}"
    entries = (store / FORMAT / kind / sha256 for store in stores)
    place = next(filter(os.path.isdir, entries), None)
    if place is None or os.stat(place).st_uid != os.geteuid():  # others may write beside a project
        raise FileNotFoundError
    entry = Entry.read_verified(place)
    return f"{entry.tree}/{entry.index.record.rsplit('/', 2)[0]}"
