"""Where a user's store is."""

import errno
import os
from pathlib import Path

from bootstrapper.cache_home import cache_home

FORMAT = "4"
"""The version of what is in a store, and the name of the directory that holds it."""


def user_directory() -> Path:
    """The user's store; it need not exist yet.

    `BOOTSTRAP_STORE`, else `bootstrapper` in the user's cache directory. Raises OSError if the
    user has no home: a place that others can guess and write to won't do for code.
    """
    if named := os.environ.get("BOOTSTRAP_STORE"):
        return Path(named).absolute()
    home = cache_home()
    if home is None:
        raise FileNotFoundError(errno.ENOENT, "no home directory; BOOTSTRAP_STORE names a place",
                                "the store")
    return home / "bootstrapper"
