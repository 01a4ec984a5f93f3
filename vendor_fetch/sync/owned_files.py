"""The files in requirements/src/ that a sync may remove: a lock named them or a sync fetched them.

All other files there belong to the user. A journal beside the files records the names while a sync
runs, because a killed sync leaves files that no lock names.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from bootstrapper.errors import WorkFailed
from bootstrapper.quoting import quoted
from bootstrapper.ve.project.lockfile import APPS, SOURCE, TOOLS, LockedFile
from vendor_fetch.atomic_file import write_file
from vendor_fetch.download.fetch import is_in_place
from vendor_fetch.program import sync_command
from vendor_fetch.project.project import APPS_IN, VendorProject

JOURNAL = SOURCE / ".unfinished-sync"
# The start of a lock's line. Both sides of a merge conflict have such lines.
_LOCKED_NAME = re.compile(rf"^\s*(?:\./)?{re.escape(str(SOURCE))}/([^\s/;]+)", re.MULTILINE)
# A file that a killed process was copying, as tempfile names it.
_PART = re.compile(r"\.[a-z0-9_]{8}\.part")


class OwnedFiles:
    """The names in the locks and the journal of a project, as they are when this is created."""

    def __init__(self, project: VendorProject) -> None:
        self._project = project
        self._journal = project.directory / JOURNAL
        self.is_unfinished = self._journal.is_file()
        recorded = _text(self._journal).splitlines() if self.is_unfinished else []
        self._names = {*_locked_names(project.directory), *filter(None, recorded)}

    def claim(self, files: Iterable[LockedFile]) -> None:
        """Record that these files are about to be fetched.

        Raise WorkFailed if the user has a file of the same name with other bytes.
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
                    f"that {APPS_IN} asks for",
                    f"mv {quoted(str(file.path))} .. && {sync_command()}  # or ask "
                    f"for your file by its path in {APPS_IN}: {quoted(f'./{file.path}')}",
                )
        self._names |= {
            file.path.name for file in files if not (self._project.directory / file.path).exists()
        }
        self._journal.parent.mkdir(parents=True, exist_ok=True)
        write_file(self._journal, "".join(f"{name}\n" for name in sorted(self._names)).encode())

    def remove_unlocked(self) -> None:
        """Remove the owned files that no lock names now, and the journal."""
        for name in self._names - _locked_names(self._project.directory):
            path = self._project.source / name
            if path.is_symlink() or path.is_file():
                path.unlink()
        for path in _parts(self._project.source):
            path.unlink()
        self._journal.unlink(missing_ok=True)


def _locked_names(project: Path) -> set[str]:
    """Return the file names in both locks, even in a damaged lock."""
    return {
        name
        for lock in (APPS, TOOLS)
        for name in _LOCKED_NAME.findall(_text(project / lock))
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
