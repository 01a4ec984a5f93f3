"""The last replaced virtualenv, which the store keeps so that the next rebuild can reuse it.

With a full store, a rebuild spends most of its time creating and removing thousands of
directories. So the store keeps one replaced virtualenv of any project. The next rebuild moves
it into its own directory and changes it to what it needs (`TreeInstaller`): files that are
hardlinks of the store stay, all others are removed. It takes disk space for directories only.
"""

import os
from pathlib import Path

from bootstrapper.ve.store.store import Store

NAME = "spare"


def take(store: Store, place: Path) -> bool:
    """Move the recycled virtualenv to `place`; return False if that fails.

    It is one rename, so only one of two rebuilds gets it. It fails across file systems.
    """
    try:
        store.place(NAME).rename(place)
    except OSError:
        return False
    return True


def keep(store: Store, old: Path) -> bool:
    """Keep a replaced virtualenv; return False if the store has one or can't take this one."""
    if old.is_symlink() or not old.is_dir():
        return False
    try:
        old.rename(store.place(NAME))
    except OSError:
        return False
    return True


def inodes(store: Store) -> set[int]:
    """Return the inodes of the recycled virtualenv's files; empty if there is none."""
    return {
        os.lstat(os.path.join(folder, name)).st_ino
        for folder, _, names in os.walk(store.place(NAME))
        for name in names
    }
