"""The directories in which a user's store may be."""

import os
from pathlib import Path

from bootstrapper.cache_home import cache_home

FORMAT = "4"
"""The version of the store's format, and the name of its directory in the store."""


def places(project: Path) -> list[Path]:
    """Return the directories that may hold the store for a project, best first.

    `BOOTSTRAP_STORE` names the only one. Otherwise there are two: `bootstrapper` in the user's
    cache directory, and one beside the project for a user without a cache directory, such as
    www-data. The store holds code, so it must not be at a path that other users can write.
    """
    if named := os.environ.get("BOOTSTRAP_STORE"):
        return [Path(named).absolute()]
    home = cache_home()
    return [*([home / "bootstrapper"] if home else []), beside(project)]


def beside(project: Path) -> Path:
    """Return the store beside a project, for a user without a cache directory.

    The releases of a deployment share one in `.deploy` of their REMOTE_DIRECTORY. Any other project
    has its own, with a name that git ignores and rsync-in-place keeps. The name contains the user's
    number, so that two users who deploy to one directory have separate stores.
    """
    name = f"store-{os.geteuid()}"
    root = project.parent.parent
    if project.parent.name == "releases" and (root / ".deploy").is_dir():
        return root / ".deploy" / name
    return project / f".ve.{name}"
