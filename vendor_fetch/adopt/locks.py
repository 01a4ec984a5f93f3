"""Read Pipfile and Pipfile.lock, uv.lock and pdm.lock."""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bootstrapper.quoting import quoted
from bootstrapper.ve.standards.filename import canonical_name
from bootstrapper.ve.standards.marker import VARIABLES
from vendor_fetch.adopt.entry import Entry
from vendor_fetch.adopt.groups import of_group
from vendor_fetch.adopt.index_entry import source_entries
from vendor_fetch.adopt.poetry import sha256_of_files
from vendor_fetch.adopt.pyproject import source_address
from vendor_fetch.adopt.requirement_entry import entry_of

Table = Mapping[str, Any]


def read_pipfile(content: Table, groups: Collection[str]) -> Iterator[Entry]:
    """Yield the entries of a Pipfile, whose other tables are categories: groups of their own."""
    for table, wishes in content.items():
        group = {"packages": "", "dev-packages": "dev"}.get(table, table)
        if table in _NO_CATEGORIES or not isinstance(wishes, Mapping):
            continue
        for name, wish in wishes.items():
            entry = _pipfile_entry(f"Pipfile: {table}", name, wish)
            yield of_group(entry, group, groups) if group else entry
    yield from source_entries("Pipfile: source", content.get("source"))


def _pipfile_entry(place: str, name: str, wish: object) -> Entry:
    table: Table = wish if isinstance(wish, Mapping) else {"version": wish}
    version = str(table.get("version", "*"))
    version = f"=={version}" if version[:1].isdigit() else version
    extras = f"[{','.join(table['extras'])}]" if table.get("extras") else ""
    address = source_address(table)
    what = f" @ {address}" if address else ("" if version == "*" else version)
    markers = [str(table["markers"])] if table.get("markers") else []
    # Pipfile also has each variable of a marker as a key of its own.
    markers += [f"{key} {table[key]}" for key in sorted(VARIABLES) if key in table]
    marker = " and ".join(f"({each})" if markers[1:] else each for each in markers)
    line = f"{name}{extras}{what}" + (f" ; {marker}" if marker else "")
    entry = entry_of(place, line)
    return Entry(**{**vars(entry), "text": f"{name} = {json.dumps(wish)}", "change": _PEP_508})


_EXACT = re.compile(r"={0,3}\s*(?P<version>\d[^\s,*]*)")
_PEP_508 = "as PEP 508 writes it"
_NO_VERSION = "the lock has no version of it"
_NO_CATEGORIES = {"source", "requires", "pipenv", "scripts"}


def read_pipfile_lock(path: Path, groups: Collection[str], *, wishes: bool) -> Iterator[Entry]:
    """Yield the pins of a Pipfile.lock; with `wishes`, also what it asks for, as no Pipfile does."""
    content = json.loads(path.read_text(encoding="utf-8"))
    for section, pins in content.items():
        group = {"default": "", "develop": "dev"}.get(section, section)
        for name, table in pins.items() if section != "_meta" else ():
            # pipenv writes "*" for a package that the machine with the lock did not need.
            locked = _EXACT.fullmatch(str(table.get("version", "")))
            version, address = locked["version"] if locked else "", source_address(table) or ""
            entry = _pipfile_entry(f"Pipfile.lock: {section}", name, {**table, "index": None})
            pinned = Entry(
                place=entry.place,
                text=f"{name} {version or address}".strip(),
                name=canonical_name(name),
                requirement=entry.requirement if wishes else "",
                refusal=entry.refusal if wishes else "",
                pin=version,
                commit=str(table.get("ref", "")) if "git" in table else "",
                marker=str(table.get("markers") or ""),
                hashes=sha256_of_files(table.get("hashes", [])),
                change=_PEP_508 if wishes else "" if version or address else _NO_VERSION,
            )
            yield of_group(pinned, group, groups) if group else pinned
    yield from source_entries("Pipfile.lock: source", content.get("_meta", {}).get("sources"))


def read_uv_lock(content: Table) -> Iterator[Entry]:
    """Yield the pins of a uv.lock."""
    members = content.get("manifest", {}).get("members", [])
    for package in content.get("package", []):
        source = package.get("source", {})
        name, version = str(package.get("name", "")), str(package.get("version", ""))
        own = str(source.get("virtual") or source.get("editable") or "")
        files = [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
        yield Entry(
            place="uv.lock",
            text=f"{name} {version}".strip(),
            name=canonical_name(name),
            pin=version if "registry" in source else "",
            commit=str(source.get("git", "")).partition("#")[2],
            marker=_any(package.get("resolution-markers", [])),
            hashes=sha256_of_files(files),
            change="the project itself" if own == "." else "",
            refusal=_member(own) if name in members and own not in ("", ".") else "",
        )


def _member(directory: str) -> str:
    """Return what to do about a member of the workspace, which has requirements of its own."""
    files = f"--from {quoted(f'{directory}/pyproject.toml')} --from uv.lock"
    return f"a package in {directory}/; if it has the site, its requirements are the ones to take: {files}"


def _any(markers: Sequence[str]) -> str:
    return " or ".join(f"({each})" for each in markers)


def read_pdm_lock(content: Table) -> Iterator[Entry]:
    """Yield the pins of a pdm.lock."""
    for package in content.get("package", []):
        name, version = str(package.get("name", "")), str(package.get("version", ""))
        direct = any(key in package for key in ("git", "url", "path"))
        yield Entry(
            place="pdm.lock",
            text=f"{name} {version}",
            name=canonical_name(name),
            pin="" if direct else version,
            commit=str(package.get("revision", "")),
            marker=str(package.get("marker", "")),
            hashes=sha256_of_files(package.get("files", [])),
        )
