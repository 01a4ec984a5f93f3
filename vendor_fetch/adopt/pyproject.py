"""Read the dependencies in pyproject.toml (PEP 621, PEP 735) and in setup.cfg."""

import configparser
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from bootstrapper.address import without_passwords
from bootstrapper.ve.standards.filename import canonical_name
from vendor_fetch.adopt.entry import Entry
from vendor_fetch.adopt.groups import of_group, of_own_extras, with_own_extras
from vendor_fetch.adopt.index_entry import index_entry, source_entries
from vendor_fetch.adopt.requirement_entry import entry_of
from vendor_fetch.adopt.requirements_file import read_requirements

Table = Mapping[str, Any]
_FILES = "file:"


def read_pyproject(content: Table, root: Path, groups: Collection[str]) -> Iterator[Entry]:
    """Yield the entries of [project] and of the groups of a pyproject.toml in the directory `root`.

    [tool.uv.sources] says where some packages come from.
    """
    project = content.get("project", {})
    tool = content.get("tool", {})
    sources = tool.get("uv", {}).get("sources", {})
    own, extras = project.get("name", ""), project.get("optional-dependencies", {})
    dependencies = project.get("dependencies", [])
    groups = with_own_extras(groups, own, dependencies, extras)
    for text in dependencies:
        entry = _from_source(entry_of("pyproject.toml: dependencies", text), sources)
        yield of_own_extras(entry, own)
    for name, extra in extras.items():
        for text in extra:
            entry = _from_source(entry_of(f"pyproject.toml: {name}", text), sources)
            yield of_group(of_own_extras(entry, own), name, groups)
    included = _included(content.get("dependency-groups", {}), groups)
    for name, members in content.get("dependency-groups", {}).items():
        place = f"pyproject.toml: {name}"
        for member in members:
            if isinstance(member, Mapping):
                other = member.get("include-group", "")
                yield Entry(place=place, text=f"include-group {other}", change="its lines follow")
            else:
                entry = _from_source(entry_of(place, member), sources)
                yield of_group(of_own_extras(entry, own), name, included)
    yield from _of_uv(tool.get("uv", {}), sources, groups)
    yield from _of_setuptools(tool.get("setuptools", {}), root, groups)
    for name, members in tool.get("pdm", {}).get("dev-dependencies", {}).items():
        for member in members:
            yield of_group(entry_of(f"pyproject.toml: tool.pdm.{name}", member), name, groups)
    for name, wish in tool.get("pdm", {}).get("resolution", {}).get("overrides", {}).items():
        text = f"{name} = {json.dumps(wish)}"
        yield Entry(place="pyproject.toml: tool.pdm.overrides", text=text, refusal=_OVERRIDE)
    for name in tool.get("pdm", {}).get("resolution", {}).get("excludes", []):
        place = "pyproject.toml: tool.pdm.excludes"
        yield Entry(place=place, text=str(name), refusal="nothing can be left out that others need")
    # An index of uv is an extra one, unless it says otherwise.
    indexes = [{"default": False, **each} for each in tool.get("uv", {}).get("index", [])]
    yield from source_entries("pyproject.toml: tool.uv.index", indexes)
    sources_of_pdm = tool.get("pdm", {}).get("source", [])
    # https://pdm-project.org/latest/usage/config/#configure-the-package-indexes
    indexes = [{"default": each.get("name") == "pypi", **each} for each in sources_of_pdm]
    yield from source_entries("pyproject.toml: tool.pdm.source", indexes)


_OVERRIDE = (
    "packages cannot be overridden here; if the sync finds no version, --relax NAME the one that "
    "asks for another"
)


def _of_uv(tool: Table, sources: Table, groups: Collection[str]) -> Iterator[Entry]:
    """Yield the entries of [tool.uv]: old groups, limits, overrides, and where packages come from."""
    place = "pyproject.toml: tool.uv"
    for text in tool.get("dev-dependencies", []):
        yield of_group(_from_source(entry_of(f"{place}.dev", text), sources), "dev", groups)
    for text in tool.get("constraint-dependencies", []):
        yield entry_of(f"{place}.constraint-dependencies", text, limits_only=True)
    for text in tool.get("override-dependencies", []):
        yield Entry(place=f"{place}.override-dependencies", text=text, refusal=_OVERRIDE)
    for key in ("index-url", "extra-index-url", "find-links"):
        addresses = tool.get(key, [])
        for address in [addresses] if isinstance(addresses, str) else addresses:
            yield index_entry(f"{place}.{key}", without_passwords(address), address, key)


def _included(groups: Table, wanted: Collection[str]) -> set[str]:
    """Return the wanted groups and those that they include (PEP 735)."""
    groups = {canonical_name(name): members for name, members in groups.items()}
    found: set[str] = set()
    queue = [canonical_name(name) for name in wanted]
    while queue:
        name = queue.pop()
        if name not in found:
            found.add(name)
            members = groups.get(name, [])
            queue += [
                canonical_name(each["include-group"]) for each in members if "include-group" in each
            ]
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
            refusal="a member of the workspace; --from DIRECTORY/pyproject.toml --from uv.lock takes "
            f"its requirements, and a line {entry.name} @ ./DIRECTORY in apps.in its code",
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
    own = parser.get("metadata", "name", fallback="")
    has_extras = parser.has_section("options.extras_require")
    extras = dict(parser.items("options.extras_require")) if has_extras else {}
    requires = parser.get("options", "install_requires", fallback="")
    groups = with_own_extras(
        groups, own, _lines(requires), {name: _lines(text) for name, text in extras.items()}
    )
    for entry in _of_value("setup.cfg: install_requires", requires, path.parent):
        yield of_own_extras(entry, own)
    for name, text in extras.items():
        for entry in _of_value(f"setup.cfg: {name}", text, path.parent):
            yield of_group(of_own_extras(entry, own), name, groups)


def has_install_requires(path: Path) -> bool:
    """Return whether a setup.cfg names dependencies."""
    return path.is_file() and bool(re.search(rb"(?m)^install_requires\b", path.read_bytes()))


def _of_value(place: str, text: str, root: Path) -> Iterator[Entry]:
    """Yield the entries of a value; that may name files with the requirements.

    https://setuptools.pypa.io/en/latest/userguide/declarative_config.html#specifying-values
    """
    if text.strip().startswith(_FILES):
        yield from _of_files(place, text.strip().removeprefix(_FILES).split(","), root)
        return
    for line in _lines(text):
        yield entry_of(place, line)


def _of_files(place: str, names: Iterable[str], root: Path) -> Iterator[Entry]:
    for name in filter(None, map(str.strip, names)):
        yield Entry(place=place, text=f"{_FILES} {name}", change="its lines follow")
        yield from read_requirements(root / name, root)


def has_dynamic_dependencies(content: Table) -> bool:
    """Return whether a pyproject.toml names files that setuptools reads the dependencies from."""
    dynamic = content.get("tool", {}).get("setuptools", {}).get("dynamic", {})
    return bool(dynamic.get("dependencies"))


def _of_setuptools(tool: Table, root: Path, groups: Collection[str]) -> Iterator[Entry]:
    """Yield the entries of the files in [tool.setuptools.dynamic]."""
    dynamic = tool.get("dynamic", {})
    extras = dynamic.get("optional-dependencies", {})
    for group, table in (("", dynamic.get("dependencies", {})), *extras.items()):
        named = table.get("file", [])
        place = f"pyproject.toml: dynamic {group}".rstrip()
        for entry in _of_files(place, [named] if isinstance(named, str) else named, root):
            yield of_group(entry, group, groups) if group else entry


def _lines(text: str) -> list[str]:
    """Return the items of a value, which setuptools separates by lines, or else by semicolons."""
    items = text.splitlines() if "\n" in text else text.split(";")
    lines = (line.split(" #")[0].strip() for line in items)
    return [line for line in lines if line and not line.startswith("#")]
