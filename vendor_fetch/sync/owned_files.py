"""The files in requirements/src/ that a sync may remove: those that a lock named or a sync fetched.

Everything else there is somebody's own. A journal beside the files keeps the names while a sync
runs, because a killed sync leaves files that no lock names yet, or no longer names.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from bootstrapper.errors import WorkFailed
from bootstrapper.ve.project.lockfile import APPS, SOURCE, TOOLS, LockedFile
from vendor_fetch.atomic_file import atomic_file
from vendor_fetch.download.fetch import is_in_place
from vendor_fetch.project.project import VendorProject

JOURNAL = SOURCE / ".unfinished-sync"
# The start of a lock's line. Both sides of a merge conflict have such lines.
_NAMED = re.compile(rf"^\s*(?:\./)?{re.escape(str(SOURCE))}/([^\s/;]+)", re.MULTILINE)
# A file that a killed run was copying (tempfile's names).
_PART = re.compile(r"\.[a-z0-9_]{8}\.part")


class OwnedFiles:
    """The names that the locks and the journal of a project hold, read when it is made."""

    def __init__(self, project: VendorProject) -> None:
        self._project = project
        self._journal = project.directory / JOURNAL
        self.is_unfinished = self._journal.is_file()
        left = _text(self._journal).splitlines() if self.is_unfinished else []
        self._names = {*_named_by_locks(project.directory), *filter(None, left)}

    def claim(self, files: Iterable[LockedFile]) -> None:
        """Note that these files are about to be fetched.

        Raises WorkFailed for a file of the same name and other bytes that is somebody's own.
        """
        files = list(files)
        for file in files:
            path = self._project.directory / file.path
            if (
                path.exists()
                and file.path.name not in self._names
                and not is_in_place(file, self._project.directory)
            ):
                raise WorkFailed(
                    str(file.path),
                    "is in no lock, and has other bytes than the file of that name "
                    "that requirements/apps.in asks for",
                    f"ask for yours by its path in requirements/apps.in (./{file.path}), or "
                    f"move it away: mv {file.path} ..",
                )
        self._names |= {
            file.path.name for file in files if not (self._project.directory / file.path).exists()
        }
        self._journal.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(self._journal.parent) as journal:
            journal.write("".join(f"{name}\n" for name in sorted(self._names)).encode())
            journal.settle(self._journal)

    def remove_unnamed(self) -> None:
        """Remove those that no lock names now, and the journal."""
        for name in self._names - _named_by_locks(self._project.directory):
            path = self._project.source / name
            if path.is_symlink() or path.is_file():
                path.unlink()
        for path in _parts(self._project.source):
            path.unlink()
        self._journal.unlink(missing_ok=True)


def _named_by_locks(project: Path) -> set[str]:
    """The names on the lines of both locks, of a damaged lock, too."""
    return {
        name
        for lock in (APPS, TOOLS)
        for name in _NAMED.findall(_text(project / lock))
        if PurePosixPath(name).name == name
    }


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _parts(directory: Path) -> Iterator[Path]:
    if directory.is_dir():
        yield from (path for path in directory.iterdir() if _PART.fullmatch(path.name))
