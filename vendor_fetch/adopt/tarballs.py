"""Find the files of lists that name files: the form of vendoring before wheels had locks."""

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path, PurePosixPath

from bootstrapper.ve.standards.filename import InvalidFilename, Tarball, Wheel, parse_filename
from vendor_fetch.adopt.entry import Entry
from vendor_fetch.adopt.own_directories import own_files
from vendor_fetch.project.direct_reference import local_path, parse_address, parse_line

_ARCHIVES = (".whl", ".tar.gz", ".tgz", ".zip", ".tar.bz2")


def from_folders(entries: Iterable[Entry], root: Path) -> list[Entry]:
    """Return the entries; those that are the bare name of an archive have the path of the file.

    Without the file, the entry asks for the version in its name.
    """
    entries = list(entries)
    named = {
        each.text for each in entries if "/" not in each.text and each.text.endswith(_ARCHIVES)
    }
    found = {path.name: path for path in own_files(root)} if named else {}
    return [
        _with_file(each, found, root) if each.text in named else _with_path(each, root)
        for each in entries
    ]


def _with_path(entry: Entry, root: Path) -> Entry:
    """Return an entry that names a path; without the file, it asks for the version in its name."""
    if not entry.requirement or not parse_line(entry.requirement).url:
        return entry
    reference = parse_address(parse_line(entry.requirement).url)
    if reference.kind != "path" or local_path(reference, root).exists():
        return entry
    # pip starts at its own directory, and its users often at the one of the file.
    file = PurePosixPath(entry.place.partition(":")[0])
    beside = os.path.normpath(file.parent / reference.address)
    if not os.path.isabs(reference.address) and (root / beside).exists():
        path = beside if beside.startswith("..") else f"./{beside}"
        line = entry.requirement.replace(reference.address, path, 1)
        return replace(entry, requirement=line, change=f"the path is relative to {file}")
    try:
        distribution = parse_filename(reference.filename)
    except InvalidFilename:
        change = "write its path"
        if "file:///" in entry.requirement and entry.name:  # pip freeze in an environment of conda
            change = f"write {entry.name}==VERSION, as pip list --format=freeze has it"
        fault = f"there is no {reference.address}; {change}"
        return replace(entry, requirement="", refusal=fault)
    return _from_index(entry, distribution)


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
    return _from_index(entry, distribution)


def _from_index(entry: Entry, distribution: Wheel | Tarball) -> Entry:
    return replace(
        entry,
        name=distribution.name,
        requirement=f"{distribution.name}=={distribution.version}",
        pin=distribution.version,
        refusal="",
        change="from the index: the file is not in the project",
    )
