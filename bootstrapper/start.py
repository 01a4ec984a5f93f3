"""The entry point of bootstrap.py: run from compiled code where the store has it.

The vendored wheel of this package holds no bytecode. Compiling it would take a quarter of the
time of a rebuild, so this module redirects the imports to the store's unpacked copy.
"""

import hashlib
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import MAGIC_NUMBER
from pathlib import Path

import bootstrapper.ve.store
from bootstrapper.cache_home import is_own
from bootstrapper.ve.store.entry import Entry
from bootstrapper.ve.store.home import FORMAT, places


def start(argv: Sequence[str], program: str) -> int:
    """Run one command of the command line and return its exit status. `bootstrap.py` calls this."""
    # If this is no wheel, or the store has no intact copy of it, import from where we are.
    wheel = Path(__file__).parents[1]
    with suppress(OSError, ValueError):
        compiled = _compiled(wheel, places(wheel.parents[2]))
        # These packages were imported from the wheel; their other modules come from the store.
        for package in (bootstrapper, bootstrapper.ve, bootstrapper.ve.store):
            package.__path__.insert(0, f"{compiled}/{package.__name__.replace('.', '/')}")
    from bootstrapper.__main__ import main

    return main(argv, program=program)


def _compiled(wheel: Path, stores: Sequence[Path]) -> str:
    """Return the directory of the wheel's packages in one of the stores.

    Raise OSError or ValueError if no store has an intact copy.
    """
    sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
    kind = f"{sys.implementation.cache_tag}-{MAGIC_NUMBER.hex()}"
    entries = (store / FORMAT / kind / sha256 for store in stores)
    place = next(filter(os.path.isdir, entries), None)
    # A directory beside a project, or in /tmp, may belong to another user, who could replace what
    # it contains between this check and the imports.
    if place is None or not all(map(is_own, (place, *place.parents[:3]))):
        raise FileNotFoundError
    entry = Entry.read_verified(place)
    return f"{entry.tree}/{entry.index.record.rsplit('/', 2)[0]}"
