"""Files that a forked child must not keep open."""

import os
import weakref
from typing import Protocol


class _File(Protocol):
    def close(self) -> None: ...


_unshared: "weakref.WeakSet[_File]" = weakref.WeakSet()


def unshare(file: _File) -> None:
    """Close `file` in every child that is forked from now on; give it unbuffered files only.

    A lock by flock(2) belongs to the open file, and a pipe ends when its last writer is gone: a
    child that outlives us would hold both. Those that exec another program close them by
    O_CLOEXEC; those that don't, as the supervisor of a push, close them here.
    """
    _unshared.add(file)


def _close_all() -> None:
    for file in list(_unshared):
        file.close()
    _unshared.clear()


os.register_at_fork(after_in_child=_close_all)
