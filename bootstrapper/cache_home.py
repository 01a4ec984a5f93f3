"""The user's cache directory (XDG Base Directory Specification)."""

import os
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
