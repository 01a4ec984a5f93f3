"""What the next project with the same requirements costs on the disk."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.race import progress
from benchmarks.rebuilder import ours
from benchmarks.subject import twin


@dataclass(frozen=True, kw_only=True)
class Disk:
    """Bytes: the first project's ve with the store that it filled; what the last one added, and
    how much of that is its `folders` directories, which no file system hardlinks.
    """

    projects: int
    first: int
    last: int
    folders: int
    in_folders: int


def disk(project: Path, scratch: Path, projects: int) -> Disk:
    """Rebuild many projects with one store, and see how much each adds."""
    store = scratch / "store-disk"
    places = [store]
    sizes = []
    for number in range(projects):
        place = twin(project, scratch / f"disk{number}")
        ours(place, store).run()
        places.append(place / "ve")
        if number in (0, projects - 2, projects - 1):
            sizes.append(used(places))
    progress(f"{projects} projects on the disk")
    folders = [os.lstat(folder).st_blocks * 512 for folder, _, _ in os.walk(places[-1])]
    return Disk(
        projects=projects,
        first=sizes[0],
        last=sizes[-1] - sizes[-2],
        folders=len(folders),
        in_folders=sum(folders),
    )


def used(places: Sequence[Path]) -> int:
    """Bytes in blocks, as `du` counts: a file with several names once."""
    blocks: dict[tuple[int, int], int] = {}
    for place in places:
        for folder, _, names in os.walk(place):
            for path in (folder, *(f"{folder}/{name}" for name in names)):
                status = os.lstat(path)
                blocks[status.st_dev, status.st_ino] = status.st_blocks
    return sum(blocks.values()) * 512
