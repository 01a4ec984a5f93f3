"""The user's cache directory (XDG Base Directory Specification), and who can change a directory."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path


def cache_home(environ: Mapping[str, str] = os.environ) -> Path | None:
    """Return `$XDG_CACHE_HOME` if it is absolute, else `~/.cache`; None for a user without a home."""
    named = environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(named):
        return Path(named)
    try:
        return Path.home() / ".cache"
    except RuntimeError:  # neither HOME nor an entry in the password file
        return None


def is_own(directory: Path) -> bool:
    """Return whether a directory belongs to this user. Raise OSError if it is missing.

    The owner of a directory can replace what it contains; the owner of a link, where it leads.
    """
    status = os.stat(directory)
    return (
        stat.S_ISDIR(status.st_mode)
        and status.st_uid == os.geteuid()
        and os.lstat(directory).st_uid in (0, os.geteuid())
    )


def is_private(directory: Path) -> bool:
    """Return whether only this user can change what a directory contains. Raise OSError."""
    return is_own(directory) and not os.stat(directory).st_mode & 0o022
