"""A new ve, put together in a directory of its own: the wheels, and the empty ve around them."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from bootstrapper.errors import WorkFailed
from bootstrapper.progress import Progress, count
from bootstrapper.ve.install.empty_venv import EmptyVenv, EmptyVenvFactory
from bootstrapper.ve.install.generated_files import GeneratedFiles
from bootstrapper.ve.install.tree import Tree
from bootstrapper.ve.install.tree_installer import DamagedEntry, TreeInstaller
from bootstrapper.ve.store import recycled_venv
from bootstrapper.ve.store.entry import NamedEntry
from bootstrapper.ve.store.store import Store
from bootstrapper.ve.system.child import run_in_child
from bootstrapper.ve.system.directories import remove_tree
from bootstrapper.ve.system.file_installer import FileInstaller


class Assembly:
    """What a ve is put together from, and how."""

    def __init__(
        self,
        making: EmptyVenvFactory,
        written: GeneratedFiles,
        putting: FileInstaller,
        *,
        store: Store,
        jobs: int,
        progress: Progress,
    ) -> None:
        self._making = making
        self._written = written
        self._putting = putting
        self._store = store
        self._jobs = jobs
        self._progress = progress

    def run(
        self, place: Path, provide: Callable[[bool], Sequence[NamedEntry]]
    ) -> Sequence[NamedEntry]:
        """Put it together at `place`, where there is nothing; returns the parts that are in it.

        Raises BootstrapperError or OSError. `provide` gives the entries of its wheels; called with
        False, it need not have looked at all their files.
        """
        empty = self._making.find()
        with ExitStack() as stack:
            if not empty:
                stack.enter_context(run_in_child(self._making.make))
            parts = provide(False)
        empty = empty or self._making.made()
        recycled_venv.take(self._store, place)
        try:
            self._fill(place, parts, empty)
        except (DamagedEntry, OSError):
            # The store or the spare is not what it seemed: look closely, and start from nothing.
            unfit = place.rename(place.with_name("unfit"))
            remove_tree(unfit)
            place.mkdir()
            parts = provide(True)
            try:
                self._fill(place, parts, empty)
            except DamagedEntry as error:
                raise WorkFailed(
                    str(error),
                    "the store's files change while they are read",
                    "./bootstrap.py --no-store, and see who writes there",
                ) from None
        return parts

    def _fill(self, place: Path, parts: Sequence[NamedEntry], empty: EmptyVenv) -> None:
        tree = Tree(parts)
        tree.refuse_replacing(*empty.paths())
        linking = TreeInstaller(place, tree, self._putting)
        with self._progress.step(
            "link",
            len(tree.folders),
            lambda done, total: count(done * len(parts) // total, len(parts)),
        ) as step:
            linking.run(self._jobs, done=step.advance)
            for part in parts:
                step.advance(0, part.name)
        empty.copy(place)
        self._written.write(tree, place)
