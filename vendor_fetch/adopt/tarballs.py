"""Find the files of lists that name files: the form of vendoring before wheels had locks."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from bootstrapper.ve.standards.filename import InvalidFilename, parse_filename
from vendor_fetch.adopt.entry import Entry

_ARCHIVES = (".whl", ".tar.gz", ".tgz", ".zip", ".tar.bz2")
_SKIPPED = {".git", "node_modules", "ve", "venv", ".venv", "env", "static", "media"}


def from_folders(entries: Iterable[Entry], root: Path) -> list[Entry]:
    """Return the entries; those that are the bare name of an archive have the path of the file.

    Without the file, the entry asks for the version in its name.
    """
    entries = list(entries)
    named = {
        each.text for each in entries if "/" not in each.text and each.text.endswith(_ARCHIVES)
    }
    found = {path.name: path for path in _archives(root)} if named else {}
    return [_with_file(each, found, root) if each.text in named else each for each in entries]


def _with_file(entry: Entry, found: dict[str, Path], root: Path) -> Entry:
    try:
        distribution = parse_filename(entry.text)
    except InvalidFilename as error:
        return replace(entry, requirement="", refusal=str(error))
    if path := found.get(entry.text):
        place = path.relative_to(root)
        return replace(
            entry,
            name=distribution.name,
            requirement=f"./{place}",
            refusal="",
            change=f"the file in {place.parent}/",
        )
    return replace(
        entry,
        name=distribution.name,
        requirement=f"{distribution.name}=={distribution.version}",
        pin=distribution.version,
        refusal="",
        change="from the index: the file is not in the project",
    )


def _archives(root: Path) -> Iterator[Path]:
    for folder, directories, names in os.walk(root):
        directories[:] = [
            name
            for name in sorted(directories)
            if name not in _SKIPPED and not name.startswith(".")
        ]
        yield from (Path(folder, name) for name in names if name.endswith(_ARCHIVES))
