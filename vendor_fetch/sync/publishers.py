"""Compare the publishers of new files with those of the locked versions (PEP 740)."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from bootstrapper.ve.project.lockfile import LockedFile
from vendor_fetch.download.parallel import answers
from vendor_fetch.download.project_page import (
    ConfiguredIndexes,
    PageFile,
    ProjectPage,
    Unanswered,
)
from vendor_fetch.download.publisher import publisher_at
from vendor_fetch.index.index import Index
from vendor_fetch.sync.changes import Change

Answer = TypeVar("Answer")


@dataclass(frozen=True, kw_only=True)
class Published:
    """The changes with their publishers, and what the user should know about them.

    `first_uploads` are the times of the first release of each package that has a page in JSON; None
    if the page does not give the times.
    """

    changes: tuple[Change, ...]
    warnings: tuple[str, ...] = ()
    first_uploads: Mapping[str, datetime | None] = field(default_factory=dict)


def published(
    changes: Iterable[Change],
    asked: Collection[str],
    locked: Iterable[LockedFile],
    new: Iterable[LockedFile],
    *,
    project: Path,
    index: Index,
) -> Published:
    """Ask the index who published the added files of some packages, and their `locked` files.

    No other version is compared. There is a request for the page of each package. If a page names
    provenances, there is one for each of these files as well.
    """
    changes, locked, new = tuple(changes), tuple(locked), tuple(new)
    added = {
        each.name: {path.name for path in each.added}
        for each in changes
        if each.added and each.name in asked
    }
    try:
        indexes = ConfiguredIndexes(project, index)
    except ImportError as error:
        warning = f"warning: publishers are not compared: {error.name} is not installed"
        return Published(changes=changes, warnings=(warning,))
    old = {name: {file.path.name for file in _of(name, locked)} for name in added}
    found = _ask(lambda name: indexes.page(name, added[name] | old[name]), added)
    pages = {name: page for name, page in found.items() if isinstance(page, ProjectPage)}
    files = {
        name: _Files(
            page,
            _of(name, locked),
            [file for file in _of(name, new) if file.path.name in added[name]],
        )
        for name, page in pages.items()
    }
    provenances = {each.provenance for some in files.values() for each in some.every}
    publishers = _ask(lambda address: publisher_at(address, indexes), provenances - {""})
    warnings = [
        f"warning: {name}: the index does not say who published it: {answer}"
        for name, answer in found.items()
        if isinstance(answer, Unanswered)
    ]
    for name, some in files.items():
        warnings += some.warnings(name, publishers)
    return Published(
        changes=tuple(
            replace(each, publisher=files[each.name].publisher(publishers))
            if each.name in files
            else each
            for each in changes
        ),
        warnings=tuple(warnings),
        first_uploads={name: page.first_upload for name, page in pages.items()},
    )


class _Files:
    """The locked and the new files of a package, as far as the index has the same ones."""

    def __init__(
        self, page: ProjectPage, locked: Iterable[LockedFile], new: Iterable[LockedFile]
    ) -> None:
        self._locked = list(_on_page(page, locked))
        self._new = list(_on_page(page, new))

    @property
    def every(self) -> list[PageFile]:
        """All files, if one of them has a provenance."""
        files = [file for _, file in (*self._locked, *self._new)]
        return files if any(file.provenance for file in files) else []

    def publisher(self, publishers: Mapping[str, str | Unanswered]) -> str:
        """Return the publishers of the new files."""
        names = {publishers.get(file.provenance, "") for _, file in self._new}
        return " and ".join(sorted(name for name in names if isinstance(name, str) and name))

    def warnings(self, name: str, publishers: Mapping[str, str | Unanswered]) -> Iterator[str]:
        """Yield a line for each new file that none of the locked files' publishers published.

        If no locked file had a publisher, every publisher is right.
        """
        for file, entry in (*self._locked, *self._new):
            answer = publishers.get(entry.provenance, "")
            if isinstance(answer, Unanswered):
                yield f"warning: {file.path.name}: its provenance can't be read: {answer}"
                return
        old = {
            publishers.get(entry.provenance, ""): file.distribution.version
            for file, entry in self._locked
        }
        known = {str(publisher).casefold() for publisher in old}
        if not any(known):
            return
        before = " and ".join(f"{publisher} for {version}" for publisher, version in old.items())
        for file, entry in self._new:
            new = str(publishers.get(entry.provenance, ""))
            if new.casefold() not in known:
                yield (
                    f"warning: {name}: its publisher changed: {before}; "
                    f"{new or 'none'} for {file.distribution.version}"
                )
                return


def _on_page(
    page: ProjectPage, files: Iterable[LockedFile]
) -> Iterator[tuple[LockedFile, PageFile]]:
    for file in files:
        entry = page.files.get(file.path.name)
        if entry and entry.sha256 in file.sha256:
            yield file, entry


def _of(name: str, files: Iterable[LockedFile]) -> list[LockedFile]:
    return [file for file in files if file.distribution.name == name]


def _ask(ask: Callable[[str], Answer], keys: Iterable[str]) -> dict[str, Answer | Unanswered]:
    """Return the answers, or the reason why there is none."""

    def answer(key: str) -> Answer | Unanswered:
        try:
            return ask(key)
        except Unanswered as error:
            return error

    return answers(answer, keys)
