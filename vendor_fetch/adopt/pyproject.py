"""Read the dependencies in pyproject.toml (PEP 621, PEP 735) and in setup.cfg."""

import configparser
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from vendor_fetch.adopt.entry import Entry
from vendor_fetch.adopt.groups import of_group
from vendor_fetch.adopt.requirement_entry import entry_of, index_entry

Table = Mapping[str, Any]


def read_pyproject(content: Table, groups: Collection[str]) -> Iterator[Entry]:
    """Yield the entries of [project] and of the groups of a pyproject.toml.

    [tool.uv.sources] says where some packages come from.
    """
    project = content.get("project", {})
    tool = content.get("tool", {})
    sources = tool.get("uv", {}).get("sources", {})
    for text in project.get("dependencies", []):
        yield _from_source(entry_of("pyproject.toml: dependencies", text), sources)
    for name, extra in project.get("optional-dependencies", {}).items():
        for text in extra:
            entry = _from_source(entry_of(f"pyproject.toml: {name}", text), sources)
            yield of_group(entry, name, groups)
    included = _included(content.get("dependency-groups", {}), groups)
    for name, members in content.get("dependency-groups", {}).items():
        place = f"pyproject.toml: {name}"
        for member in members:
            if isinstance(member, Mapping):
                other = member.get("include-group", "")
                yield Entry(place=place, text=f"include-group {other}", change="its lines follow")
            else:
                entry = _from_source(entry_of(place, member), sources)
                yield of_group(entry, name, included)

    for name, members in tool.get("pdm", {}).get("dev-dependencies", {}).items():
        for member in members:
            yield of_group(entry_of(f"pyproject.toml: tool.pdm.{name}", member), name, groups)
    for owner, key in (("uv", "index"), ("pdm", "source")):
        for index in tool.get(owner, {}).get(key, []):
            place = f"pyproject.toml: tool.{owner}.{key}"
            yield index_entry(place, str(index.get("name", "")), str(index.get("url", "")))


def _included(groups: Table, wanted: Collection[str]) -> set[str]:
    """Return the wanted groups and those that they include (PEP 735)."""
    found: set[str] = set()
    queue = list(wanted)
    while queue:
        name = queue.pop()
        if name not in found:
            found.add(name)
            members = groups.get(name, [])
            queue += [each["include-group"] for each in members if "include-group" in each]
    return found


def _from_source(entry: Entry, sources: Table) -> Entry:
    """Return an entry with the address that [tool.uv.sources] has for it.

    https://docs.astral.sh/uv/concepts/projects/dependencies/#dependency-sources
    """
    found = {name.lower().replace("_", "-"): source for name, source in sources.items()}
    source = found.get(entry.name)
    if source is None or not entry.requirement:
        return entry
    if isinstance(source, Mapping) and source.get("workspace"):
        return replace(
            entry,
            requirement="",
            refusal=f"a member of the workspace; write {entry.name} @ ./DIRECTORY with its directory",
        )
    if isinstance(source, Mapping):
        address = source_address(source)
        if address is None:
            return replace(entry, change="from the configured index")
        line = _at_address(entry, address, str(source.get("marker", "")))
        return replace(entry_of(entry.place, line), text=entry.text, change="from its source")
    lines = [
        _at_address(entry, address, str(each.get("marker", "")))
        for each in source
        if (address := source_address(each)) is not None
    ]
    if not lines:
        return replace(entry, change="from the configured index")
    first, *others = (entry_of(entry.place, line) for line in lines)
    return replace(
        first,
        text=entry.text,
        also=tuple(each.requirement for each in others),
        change="a line for each source; add NAME ; MARKER if a target has none of them",
    )


def _at_address(entry: Entry, address: str, marker: str) -> str:
    """Return the line of an entry with an address instead of versions."""
    head, _, own = entry.requirement.partition(";")
    extras = f"[{head.partition('[')[2].partition(']')[0]}]" if "[" in head else ""
    markers = [each.strip() for each in (own, marker) if each.strip()]
    joined = " and ".join(f"({each})" if markers[1:] else each for each in markers)
    return f"{entry.name}{extras} @ {address}" + (f" ; {joined}" if joined else "")


def source_address(source: Table) -> str | None:
    """Return the address of a source table of uv, poetry, pipenv or pdm; None for an index."""
    if "git" in source:
        ref = next(
            (source[key] for key in ("rev", "ref", "revision", "tag", "branch") if key in source),
            "",
        )
        address = str(source["git"])
        address = address if address.startswith("git+") else f"git+{address}"
        part = f"#subdirectory={source['subdirectory']}" if source.get("subdirectory") else ""
        return f"{address}{f'@{ref}' if ref else ''}{part}"
    for key in ("url", "file"):
        if key in source:
            return str(source[key])
    path = source.get("path") or source.get("directory") or source.get("editable")
    return str(path) if isinstance(path, str) else None


def read_setup_cfg(path: Path, groups: Collection[str]) -> Iterator[Entry]:
    """Yield the entries of install_requires and extras_require in a setup.cfg."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(path, encoding="utf-8")
    for text in _lines(parser.get("options", "install_requires", fallback="")):
        yield entry_of("setup.cfg: install_requires", text)
    if parser.has_section("options.extras_require"):
        for name, lines in parser.items("options.extras_require"):
            for text in _lines(lines):
                yield of_group(entry_of(f"setup.cfg: {name}", text), name, groups)


def _lines(text: str) -> list[str]:
    """Return the items of a value, which setuptools separates by lines, or else by semicolons."""
    items = text.splitlines() if "\n" in text else text.split(";")
    lines = (line.split(" #")[0].strip() for line in items)
    return [line for line in lines if line and not line.startswith("#")]
