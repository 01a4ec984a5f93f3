"""Directories of the cache. What they hold is trusted, so only their user may change it."""

import stat
from pathlib import Path

from bootstrapper.cache_home import is_own, is_private
from bootstrapper.errors import WorkFailed
from vendor_fetch.program import retry_command


def require_private(directory: Path) -> None:
    """Deny other users write access to a directory, if it exists.

    git takes commands from the configuration of a clone, and packages of `.tools/` have no hashes.
    Raise WorkFailed if the directory belongs to another user, or is shared, as /tmp is.
    """
    if not directory.is_dir():
        return
    shared = directory.stat().st_mode & stat.S_ISVTX
    if not is_own(directory) or shared:
        raise WorkFailed(
            str(directory),
            f"{'is shared with' if shared else 'belongs to'} another user, who could change what "
            "vendoring runs with",
            f'env VENDOR_FETCH_CACHE="$(mktemp -d)" {retry_command()}  # or another directory of '
            "your own",
        )
    if not is_private(directory):
        directory.chmod(0o700)


def make_private(directory: Path, root: Path) -> None:
    """Create a directory below `root`, and those between, whatever the umask is. Raise OSError."""
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in reversed(directory.relative_to(root).parents):
        (root / name).mkdir(mode=0o700, exist_ok=True)
    directory.mkdir(mode=0o700, exist_ok=True)
