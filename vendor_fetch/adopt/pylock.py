"""Read pylock.toml (PEP 751), whose markers may ask for extras and groups."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from bootstrapper.ve.standards.marker import InvalidMarker, Marker
from vendor_fetch.adopt.entry import Entry
from vendor_fetch.adopt.groups import is_wanted, of_group
from vendor_fetch.adopt.requirement_entry import entry_of

Table = Mapping[str, Any]
_GROUP = re.compile(
    r"""["'](?P<name>[\w.-]+)["']\s+(?P<operator>in|not\s+in)\s+(?:dependency_groups|extras)\b"""
)
# Every environment has a name for its operating system, so these hold always and never.
_ALWAYS, _NEVER = 'os_name != ""', 'os_name == ""'


def read_pylock(content: Table, place: str, groups: Collection[str]) -> Iterator[Entry]:
    """Yield the entries of a pylock.toml, each of which is a wish and a pin."""
    wanted = {*groups, *content.get("default-groups", [])}
    for package in content.get("packages", []):
        name, version = str(package.get("name", "")), str(package.get("version", ""))
        condition = str(package.get("marker", ""))
        environments = _environments(condition, wanted)
        marker = f" ; {environments}" if environments else ""
        address = _address(package)
        line = f"{name} @ {address}{marker}" if address else f"{name}=={version}{marker}"
        entry = entry_of(place, line)
        files = [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
        hashes = [str(each.get("hashes", {}).get("sha256", "")) for each in files]
        found = replace(
            entry,
            text=f"{name} {version}".strip(),
            pin="" if address else version,
            hashes=tuple(filter(None, hashes)),
            change="as PEP 508 writes it",
        )
        group = _GROUP.search(condition)
        yield of_group(found, group["name"], ()) if group and environments == _NEVER else found


def _environments(condition: str, wanted: Collection[str]) -> str:
    """Return a marker without the groups in it, of which the `wanted` ones hold.

    It is empty if it holds in each environment, and _NEVER if in none.
    """

    def held(match: re.Match[str]) -> str:
        holds = is_wanted(match["name"], wanted) == (match["operator"] == "in")
        return _ALWAYS if holds else _NEVER

    marker = _GROUP.sub(held, condition)
    if marker == condition:
        return marker
    try:
        parsed = Marker(marker)
    except InvalidMarker:  # `entry_of` refuses it
        return marker
    if parsed.variables == {"os_name"} and "os_name" not in condition:
        return "" if parsed.holds({"os_name": "posix"}) else _NEVER
    if not re.search(r"\bor\b", marker):
        return (
            _NEVER if _NEVER in marker else _without(marker, f"{_ALWAYS} and ", f" and {_ALWAYS}")
        )
    return marker


def _without(text: str, *parts: str) -> str:
    for part in parts:
        text = text.replace(part, "")
    return text


def _address(package: Table) -> str | None:
    if vcs := package.get("vcs"):
        part = f"#subdirectory={vcs['subdirectory']}" if "subdirectory" in vcs else ""
        where = vcs.get("url") or f"file://{vcs.get('path', '')}"
        return f"{vcs.get('type', 'git')}+{where}@{vcs.get('commit-id', '')}{part}"
    for key in ("archive", "directory"):
        if table := package.get(key):
            fragment = {
                "sha256": table.get("hashes", {}).get("sha256"),
                "subdirectory": table.get("subdirectory"),
            }
            parts = "&".join(f"{name}={value}" for name, value in fragment.items() if value)
            return str(table.get("url") or table.get("path")) + (f"#{parts}" if parts else "")
    return None
