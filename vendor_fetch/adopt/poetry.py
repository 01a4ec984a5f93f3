"""Read pyproject.toml and poetry.lock of Poetry. poetry-core turns `^` and `~` into PEP 508."""

import logging
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from bootstrapper.ve.standards.filename import canonical_name
from vendor_fetch.adopt.entry import Entry
from vendor_fetch.adopt.groups import of_group
from vendor_fetch.adopt.pyproject import source_address
from vendor_fetch.adopt.requirement_entry import entry_of, index_entry

Table = Mapping[str, Any]
_PLACE = "pyproject.toml: tool.poetry"


def read_poetry(content: Table, root: Path, groups: Collection[str]) -> Iterator[Entry]:
    """Yield the entries of [tool.poetry] in a pyproject.toml in the directory `root`."""
    poetry = content.get("tool", {}).get("poetry", {})
    extras = {name for members in poetry.get("extras", {}).values() for name in members}
    for name, constraints in poetry.get("dependencies", {}).items():
        for constraint in _each(constraints):
            yield _wish(f"{_PLACE}.dependencies", name, constraint, root, extras, groups)
    old = {"dev": poetry.get("dev-dependencies", {})}
    new = {name: each.get("dependencies", {}) for name, each in poetry.get("group", {}).items()}
    for group, dependencies in {**old, **new}.items():
        for name, constraints in dependencies.items():
            for constraint in _each(constraints):
                entry = _wish(f"{_PLACE}.{group}", name, constraint, root, (), groups)
                yield of_group(entry, group, groups)
    for source in poetry.get("source", []):
        yield index_entry(
            f"{_PLACE}.source", str(source.get("name", "")), str(source.get("url", ""))
        )


def _each(constraints: object) -> list[object]:
    return constraints if isinstance(constraints, list) else [constraints]


def _wish(
    place: str,
    name: str,
    constraint: object,
    root: Path,
    extras: Collection[str],
    groups: Collection[str],
) -> Entry:
    from poetry.core.factory import Factory

    # It warns of a missing path, which `init` does itself.
    logging.getLogger("poetry.core").setLevel(logging.CRITICAL)
    text = f"{name} = {constraint!r}".replace("'", '"')
    if canonical_name(name) == "python":
        return Entry(place=place, text=text, change="requires-python of [project] has it")
    try:
        dependency = Factory.create_dependency(name, constraint, root_dir=root)  # type: ignore[arg-type]
        written = dependency.to_pep_508()
    except Exception as error:  # poetry-core raises many types
        return Entry(place=place, text=text, name=canonical_name(name), refusal=str(error))
    if isinstance(constraint, Mapping) and (address := source_address(constraint)):
        extras_text = f"[{','.join(sorted(dependency.extras))}]" if dependency.extras else ""
        marker = "" if dependency.marker.is_any() else f" ; {dependency.marker}"
        written = f"{name}{extras_text} @ {address}{marker}"
    if "||" in written:
        return Entry(
            place=place,
            text=text,
            name=canonical_name(name),
            refusal="PEP 508 has no ||; write one line with a marker for each range",
        )
    entry = entry_of(place, _plain(written))
    changed = Entry(**{**vars(entry), "text": text, "change": "as PEP 508 writes it"})
    if isinstance(constraint, Mapping) and constraint.get("optional"):
        return of_group(changed, name if name not in extras else "extras", groups)
    return changed


def _plain(requirement: str) -> str:
    """Return `django (>=5.2,<6.0)` without its parentheses."""
    head, semicolon, marker = requirement.partition(" ;")
    if " @ " not in head:
        head = head.replace(" (", "").replace(")", "")
    return f"{head}{semicolon}{marker}"


def read_poetry_lock(content: Table) -> Iterator[Entry]:
    """Yield the pins of a poetry.lock. A package from git or an archive has its commit or address."""
    for package in content.get("package", []):
        name, version = str(package.get("name", "")), str(package.get("version", ""))
        files = package.get("files") or content.get("metadata", {}).get("files", {}).get(name, [])
        yield Entry(
            place="poetry.lock",
            text=f"{name} {version}",
            name=canonical_name(name),
            pin=""
            if package.get("source", {}).get("type") in ("git", "url", "directory")
            else version,
            commit=str(package.get("source", {}).get("resolved_reference", "")),
            marker=_marker_of(package.get("markers", "")),
            hashes=sha256_of_files(files),
        )


def _marker_of(markers: object) -> str:
    """Return the marker of a locked package, which Poetry 2 may write by group."""
    each = markers.values() if isinstance(markers, Mapping) else [markers]
    found = [str(marker) for marker in each]
    return " or ".join(f"({marker})" for marker in found) if all(found) else ""


def sha256_of_files(files: object) -> tuple[str, ...]:
    """Return the sha256 in the entries of files of a lock, which are tables or texts."""
    found = []
    for each in files if isinstance(files, list) else []:
        text = each.get("hash", "") if isinstance(each, Mapping) else each
        if isinstance(text, str) and text.startswith("sha256:"):
            found.append(text.removeprefix("sha256:"))
    return tuple(found)
