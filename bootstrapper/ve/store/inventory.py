"""What is in the store, what it saves, and what nobody has used for long."""

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
    """An entry, a built wheel, or an empty ve.

    `size` is in bytes, each file counted once; `saved` is what the ves that share its files would
    take more if each had its own; `used` is when a rebuild last took it, in seconds since 1970.
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
        """The sums."""
        return cls(
            items=len(items),
            files=sum(item.files for item in items),
            size=sum(item.size for item in items),
            saved=sum(item.saved for item in items),
        )


def items(store: Store) -> Iterator[Item]:
    """Everything in the store that rebuilds look for; not the spare, which is nobody's."""
    spared = recycled_venv.inodes(store)
    for group in sorted(store.home.iterdir()):
        if group.name not in (UNFINISHED, recycled_venv.NAME) and group.is_dir():
            yield from (_item(place, spared) for place in sorted(group.iterdir()))


def prune(store: Store, *, days: float) -> tuple[Inventory, Inventory]:
    """Remove what no rebuild has used for so many days; returns what went and what stays.

    The spare goes as well, because it may hold files of what goes.
    Waits for rebuilds that use the store. Raises OSError.
    """
    with store.exclusive():
        store.remove_leftovers()
        oldest = time.time() - days * DAY
        store.discard(store.place(recycled_venv.NAME))
        found = list(items(store))
        gone = [item for item in found if item.used < oldest]
        for item in gone:
            store.discard(item.place)
    return Inventory.of(gone), Inventory.of([item for item in found if item not in gone])


def _item(place: Path, spared: set[int]) -> Item:
    files = size = saved = 0
    for folder, _, names in os.walk(place):
        for name in names:
            status = os.lstat(os.path.join(folder, name))
            files += 1
            size += status.st_size
            # One link is the store's; of n in ves, n - 1 would be copies without it.
            in_ves = status.st_nlink - 1 - (status.st_ino in spared)
            saved += status.st_size * max(0, in_ves - 1)
    return Item(place=place, files=files, size=size, saved=saved, used=place.stat().st_mtime)
