"""The spare: the ve that a rebuild replaced, kept so that the next one need not start from nothing.

Most of what a rebuild with a full store costs is directories: thousands are made, and as many
removed. So the store keeps one replaced ve, whosever project's it was, and the next rebuild makes
of it what it needs (`linking`): files that are the store's own already stay, all else goes. The
files are hardlinks, so a spare takes no more than its directories.
"""

import os
from pathlib import Path

from bootstrapper.ve.store.store import Store

NAME = "spare"


def take(store: Store, place: Path) -> bool:
    """Move the recycled virtualenv to `place`; return False if there is none to be had.

    It is one rename, so of two processes only one gets it. It fails across file systems.
    """
    try:
        store.place(NAME).rename(place)
    except OSError:
        return False
    return True


def keep(store: Store, old: Path) -> bool:
    """Keep a ve that was replaced; False if there is a spare already, or it can't be one."""
    if old.is_symlink() or not old.is_dir():
        return False
    try:
        old.rename(store.place(NAME))
    except OSError:
        return False
    return True


def inodes(store: Store) -> set[int]:
    """Those of the spare's files; none if there is no spare."""
    return {
        os.lstat(os.path.join(folder, name)).st_ino
        for folder, _, names in os.walk(store.place(NAME))
        for name in names
    }
