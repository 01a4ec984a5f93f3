"""Choose the store for a rebuild, and report a store that fails."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

from bootstrapper.errors import WorkFailed
from bootstrapper.ve.store.home import places
from bootstrapper.ve.store.store import Store

# On servers, users without a home directory are usual; they get the next place.
_USUAL = (errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOTDIR, errno.EROFS)
_FULL = (errno.ENOSPC, errno.EDQUOT)


def find(
    project: Path, *, say: Callable[[str], None], detail: Callable[[str], None]
) -> Store | None:
    """Return the store to use for a project; None if no place can hold one.

    Report a failure by `say` if the user named the place or should repair it, else by `detail`.
    """
    for place in places(project):
        try:
            return Store(place)
        except OSError as error:
            usual = error.errno in _USUAL and "BOOTSTRAP_STORE" not in os.environ
            (detail if usual else say)(_no_store(place, error))
    return None


def existing(project: Path) -> Store:
    """Return the user's store; create it if there is none. Raise OSError."""
    found = places(project)
    return Store(next(filter(os.path.isdir, found), found[0]))


def failed(store: Store, project: Path, error: OSError | WorkFailed) -> str:
    """Return the message for a rebuild that failed because of the store; empty if it did not.

    If a full disk holds the project as well, rebuilding without the store would not help.
    """
    if isinstance(error, OSError):
        inside = os.path.abspath(os.fsdecode(error.filename or "/"))
        blamed = Path(inside).is_relative_to(store.root)
        full = error.errno in _FULL
    else:  # the log of a build, or virtualenv's output
        reasons = [number for number in _FULL if os.strerror(number) in str(error)]
        blamed = full = bool(reasons)
        error = OSError(reasons[0], os.strerror(reasons[0])) if reasons else OSError()
    if not blamed or (full and os.stat(store.root).st_dev == os.stat(project).st_dev):
        return ""
    return _no_store(store.root, error)


def _no_store(place: Path, error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"no store: {place}: {reason}; BOOTSTRAP_STORE names another place"
