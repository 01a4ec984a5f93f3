"""Where a user's store is."""

import os
from pathlib import Path

from bootstrapper.cache_home import cache_home

FORMAT = "4"
"""The version of what is in a store, and the name of the directory that holds it."""


def places(project: Path) -> list[Path]:
    """The directories that may hold the store for a project, best first; none need exist yet.

    `BOOTSTRAP_STORE` names the only one. Otherwise there are two: `bootstrapper` in the user's
    cache directory, and one beside the project for a user who has no cache directory, such as
    www-data. A place that other users can guess and write to won't do for code.
    """
    if named := os.environ.get("BOOTSTRAP_STORE"):
        return [Path(named).absolute()]
    home = cache_home()
    return [*([home / "bootstrapper"] if home else []), beside(project)]


def beside(project: Path) -> Path:
    """The store of a user without a cache directory.

    Releases of a deployment share one, in the `.deploy` of its REMOTE_DIRECTORY. Any other project
    has its own, under a name that git ignores and that rsync-in-place keeps. The name has the
    user's number: two users who deploy there have two stores.
    """
    name = f"store-{os.geteuid()}"
    root = project.parent.parent
    if project.parent.name == "releases" and (root / ".deploy").is_dir():
        return root / ".deploy" / name
    return project / f".ve.{name}"
