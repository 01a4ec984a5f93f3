"""Install entries of the store as a new virtualenv, in a directory of its own."""

import os
from collections.abc import Sequence
from pathlib import Path

from bootstrapper.progress import count
from bootstrapper.ve.install.empty_venv import EmptyVenv
from bootstrapper.ve.install.generated_files import GeneratedFiles
from bootstrapper.ve.install.manifest import Manifest
from bootstrapper.ve.install.tree import Tree
from bootstrapper.ve.install.tree_installer import TreeInstaller
from bootstrapper.ve.project.lockfile import LockedFile
from bootstrapper.ve.store import recycled_venv
from bootstrapper.ve.store.context import Context
from bootstrapper.ve.store.entry import NamedEntry
from bootstrapper.ve.system.directories import remove_tree
from bootstrapper.ve.system.file_installer import FileInstaller


def install(
    context: Context,
    place: Path,
    files: Sequence[LockedFile],
    entries: Sequence[NamedEntry],
    *,
    empty_venv: EmptyVenv,
    installer: FileInstaller,
    recycle: bool,
) -> None:
    """Fill `place`, which does not exist, with the entries of the vendored files.

    With `recycle`, start from the virtualenv that the last rebuild replaced, if the store has it.
    Raise DamagedEntry, WorkFailed or OSError; nothing is left at `place` then.
    """
    if not (recycle and recycled_venv.take(context.store, place)):
        place.mkdir()
    try:
        _fill(context, place, entries, empty_venv, installer)
        Manifest.of(place, context.interpreter, files, entries).write(place)
    except Exception:
        # Renamed first, because a recycled virtualenv may hold files that can't be removed.
        remove_tree(place.rename(place.with_name("failed")))
        raise


def _fill(
    context: Context,
    place: Path,
    entries: Sequence[NamedEntry],
    empty_venv: EmptyVenv,
    installer: FileInstaller,
) -> None:
    tree = Tree(entries)
    tree.refuse_replacing(*empty_venv.paths())
    tree_installer = TreeInstaller(place, tree, installer)
    with context.progress.step(
        "link",
        len(tree.folders),
        lambda done, total: count(done * len(entries) // total, len(entries)),
    ) as step:
        tree_installer.install(context.jobs, done=step.advance)
        for entry in entries:
            step.advance(0, entry.name)
    empty_venv.copy(place)
    python = os.fspath(context.project.ve / "bin/python")
    GeneratedFiles(python, context.interpreter).write(tree, place)
