"""Remember what was read from a file until the file changes."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

Answer = TypeVar("Answer")
More = ParamSpec("More")


def once_for_a_file(
    read: Callable[Concatenate[Path, More], Answer],
) -> Callable[Concatenate[Path, More], Answer]:
    """Return a function that calls `read` once for each file, also if the file is moved meanwhile.

    A file counts as changed if its name, its inode, its time or its size has changed. Only positional
    arguments after the path tell calls apart.
    """
    known: dict[tuple[object, ...], Answer] = {}

    @wraps(read)
    def answer(path: Path, /, *more: More.args, **options: More.kwargs) -> Answer:
        try:
            status = path.stat()
        except OSError:
            return read(path, *more, **options)
        inode = (status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size)
        key = (path.name, inode, *more)
        if key not in known:
            known[key] = read(path, *more, **options)
        return known[key]

    return answer
