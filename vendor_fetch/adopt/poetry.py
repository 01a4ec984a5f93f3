"""Read pyproject.toml and poetry.lock of Poetry. poetry-core turns `^` and `~` into PEP 508."""

import logging
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bootstrapper.ve.standards.filename import canonical_name
from vendor_fetch.adopt.entry import Entry
from vendor_fetch.adopt.groups import is_wanted, of_group
from vendor_fetch.adopt.index_entry import source_entries
from vendor_fetch.adopt.pyproject import source_address
from vendor_fetch.adopt.requirement_entry import entry_of

if TYPE_CHECKING:
    from poetry.core.constraints.version import VersionConstraint

Table = Mapping[str, Any]
_PLACE = "pyproject.toml: tool.poetry"
_PARENTHESES = re.compile(r" \([^)]*\)")


def read_poetry(content: Table, root: Path, groups: Collection[str]) -> Iterator[Entry]:
    """Yield the entries of [tool.poetry] in a pyproject.toml in the directory `root`."""
    poetry = content.get("tool", {}).get("poetry", {})
    extras: dict[str, list[str]] = {}
    for extra, members in poetry.get("extras", {}).items():
        for name in members:
            extras.setdefault(canonical_name(name), []).append(extra)
    for name, constraints in poetry.get("dependencies", {}).items():
        for constraint in _each(constraints):
            yield _wish(f"{_PLACE}.dependencies", name, constraint, root, extras, groups)
    groups = _with_included(poetry.get("group", {}), groups)
    old = {"dev": poetry.get("dev-dependencies", {})}
    new = {name: each.get("dependencies", {}) for name, each in poetry.get("group", {}).items()}
    for group, dependencies in {**old, **new}.items():
        for name, constraints in dependencies.items():
            for constraint in _each(constraints):
                entry = _wish(f"{_PLACE}.{group}", name, constraint, root, {}, groups)
                yield of_group(entry, group, groups)
    yield from source_entries(f"{_PLACE}.source", _sources(poetry.get("source", [])))


def _sources(sources: list[Table]) -> list[Table]:
    """Return the sources with a key that says whether they replace the default index.

    https://python-poetry.org/docs/repositories/#project-configuration
    """
    return [
        {
            **source,
            "default": not source.get("secondary")
            and source.get("priority", "primary") in ("default", "primary"),
        }
        for source in sources
    ]


def _each(constraints: object) -> list[object]:
    return constraints if isinstance(constraints, list) else [constraints]


def _wish(
    place: str,
    name: str,
    constraint: object,
    root: Path,
    extras: Mapping[str, Sequence[str]],
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
    change = "as PEP 508 writes it"
    if "||" in written:
        written = _PARENTHESES.sub(f" ({_widened(dependency.constraint)})", written, count=1)
        change = "PEP 508 has no ||, so the versions between the ranges are allowed too"
    entry = entry_of(place, _plain(written))
    changed = Entry(**{**vars(entry), "text": text, "change": change})
    if isinstance(constraint, Mapping) and constraint.get("optional"):
        names = extras.get(canonical_name(name), [name])
        group = next((each for each in names if is_wanted(each, groups)), names[0])
        return of_group(changed, group, groups)
    return changed


def _widened(constraint: "VersionConstraint") -> str:
    """Return the specifier from the first of several ranges to the last."""
    ranges = [str(each) for each in constraint.flatten()]
    low, high = (
        f"{sign}={text}" if text[:1].isdigit() else text
        for sign, text in ((">", ranges[0]), ("<", ranges[-1]))
    )
    return ",".join(
        part
        for text, sign in ((low, ">"), (high, "<"))
        for part in text.split(",")
        if part.startswith(sign)
    )


def _with_included(groups: Table, wanted: Collection[str]) -> set[str]:
    """Return the wanted groups and those that they include (include-groups of Poetry 2.2)."""
    found = {*wanted}
    for _ in groups:
        for name, group in groups.items():
            if is_wanted(name, found):
                found |= {*group.get("include-groups", [])}
    return found


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
        metadata = content.get("metadata", {})
        files = package.get("files") or metadata.get("files", {}).get(name, [])
        # Before 1.0, Poetry wrote the bare hashes.
        old = (f"sha256:{each}" for each in metadata.get("hashes", {}).get(name, []))
        yield Entry(
            place="poetry.lock",
            text=f"{name} {version}",
            name=canonical_name(name),
            pin=""
            if package.get("source", {}).get("type") in ("git", "url", "directory")
            else version,
            commit=str(package.get("source", {}).get("resolved_reference", "")),
            marker=_marker_of(package.get("markers", "")),
            hashes=sha256_of_files([*files, *old]),
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
