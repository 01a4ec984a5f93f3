"""Which store a rebuild uses, and what it does if a store fails."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

from bootstrapper.errors import WorkFailed
from bootstrapper.ve.store.home import places
from bootstrapper.ve.store.store import Store

# Users without a home are usual on servers: for them the next place serves.
_USUAL = (errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOTDIR, errno.EROFS)
_FULL = (errno.ENOSPC, errno.EDQUOT)


def find(
    project: Path, *, say: Callable[[str], None], detail: Callable[[str], None]
) -> Store | None:
    """The store to use for a project; None if no place can hold one.

    A place that was named, or that is broken or full, is reported by `say`, others by `detail`.
    """
    for place in places(project):
        try:
            return Store(place)
        except OSError as error:
            usual = error.errno in _USUAL and "BOOTSTRAP_STORE" not in os.environ
            (detail if usual else say)(_no_store(place, error))
    return None


def existing(project: Path) -> Store:
    """The store that the user has; the first place if there is none yet. Raises OSError."""
    found = places(project)
    return Store(next(filter(os.path.isdir, found), found[0]))


def failed(store: Store, project: Path, error: OSError | WorkFailed) -> str:
    """What to say if the store is what made a rebuild fail; empty if it is not.

    A full disk that holds the project as well would be as full for a rebuild without a store.
    """
    if isinstance(error, OSError):
        inside = os.path.abspath(os.fsdecode(error.filename or "/"))
        blamed = Path(inside).is_relative_to(store.root)
        full = error.errno in _FULL
    else:  # a build's log, or what virtualenv says
        reasons = [number for number in _FULL if os.strerror(number) in str(error)]
        blamed = full = bool(reasons)
        error = OSError(reasons[0], os.strerror(reasons[0])) if reasons else OSError()
    if not blamed or (full and os.stat(store.root).st_dev == os.stat(project).st_dev):
        return ""
    return _no_store(store.root, error)


def _no_store(place: Path, error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"no store: {place}: {reason}; BOOTSTRAP_STORE names another place"
