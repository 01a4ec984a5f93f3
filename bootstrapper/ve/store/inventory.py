"""List what the store holds, compute what it saves, and prune it."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bootstrapper.ve.store import recycled_venv
from bootstrapper.ve.store.store import UNFINISHED, Store

DAY = 86400.0  # seconds


@dataclass(frozen=True, kw_only=True)
class Item:
    """An entry, a built wheel, or an empty virtualenv in the store.

    `size` is in bytes. `saved` are the bytes that virtualenvs would take in addition if each had
    its own copy of the files. `used` is the time of the last rebuild that used it, in seconds since
    1970.
    """

    place: Path
    files: int
    size: int
    saved: int
    used: float


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """Sums over items; sizes in bytes."""

    items: int
    files: int
    size: int
    saved: int

    @classmethod
    def of(cls, items: list[Item]) -> "Inventory":
        """Return the sums over items."""
        return cls(
            items=len(items),
            files=sum(item.files for item in items),
            size=sum(item.size for item in items),
            saved=sum(item.saved for item in items),
        )


def items(store: Store) -> Iterator[Item]:
    """Yield all items of the store, without the recycled virtualenv and unfinished work."""
    recycled = recycled_venv.inodes(store)
    for group in sorted(store.home.iterdir()):
        if group.name not in (UNFINISHED, recycled_venv.NAME) and group.is_dir():
            yield from (_item(place, recycled) for place in sorted(group.iterdir()))


def prune(store: Store, *, days: float) -> tuple[Inventory, Inventory]:
    """Remove items that no rebuild has used for `days`; return sums of removed and remaining ones.

    Wait for rebuilds that are using the store. Remove the recycled virtualenv as well, because it
    may link to removed files. Raise OSError.
    """
    with store.exclusive():
        store.remove_leftovers()
        oldest = time.time() - days * DAY
        store.discard(store.place(recycled_venv.NAME))
        found = list(items(store))
        unused = [item for item in found if item.used < oldest]
        for item in unused:
            store.discard(item.place)
    return Inventory.of(unused), Inventory.of([item for item in found if item not in unused])


def _item(place: Path, recycled: set[int]) -> Item:
    files = size = saved = 0
    for folder, _, names in os.walk(place):
        for name in names:
            status = os.lstat(os.path.join(folder, name))
            files += 1
            size += status.st_size
            # One link is the store's own. Without a store, each virtualenv but one adds a copy.
            in_virtualenvs = status.st_nlink - 1 - (status.st_ino in recycled)
            saved += status.st_size * max(0, in_virtualenvs - 1)
    return Item(place=place, files=files, size=size, saved=saved, used=place.stat().st_mtime)
