"""The directory beside ve/ in which a rebuild builds the new virtualenv, and the final exchange."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bootstrapper.ve.project.project import Project
from bootstrapper.ve.store import recycled_venv
from bootstrapper.ve.store.store import Store
from bootstrapper.ve.system import modes
from bootstrapper.ve.system.directories import exchange_directories, recover_directory, remove_tree

_STAGING = ".ve.build-"  # and a random number
_OLD = ".ve.old"


@contextmanager
def staging_directory(project: Project) -> Iterator[Path]:
    """Create a directory beside the virtualenv; remove it when the block ends.

    Its name is random, so that a process that survives a killed rebuild cannot write into the
    directory of the next rebuild.
    """
    directory = project.directory / f"{_STAGING}{secrets.token_hex(4)}"
    with modes.umask(modes.umask_for(project.directory)):
        directory.mkdir()
    try:
        yield directory
    finally:
        remove_tree(directory)


def remove_leftovers(project: Project) -> None:
    """Remove what killed rebuilds left; restore the virtualenv if one had moved it aside.

    The caller holds the project lock, so no other rebuild is using these directories.
    """
    recover_directory(project.ve, project.directory / _OLD)
    for leftover in project.directory.glob(f"{_STAGING}*"):
        remove_tree(leftover)
    remove_tree(project.directory / _OLD)


def replace_venv(project: Project, new: Path, store: Store, *, recycle: bool) -> None:
    """Put the new virtualenv in the place of the old one.

    The old one goes to the store for the next rebuild if `recycle`, and is removed otherwise.
    """
    old = exchange_directories(new, project.ve, project.directory / _OLD)
    if old and not (recycle and recycled_venv.keep(store, old)):
        remove_tree(old)
