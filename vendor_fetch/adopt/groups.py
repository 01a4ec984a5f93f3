"""The groups of dependencies that a project is adopted with."""

from collections.abc import Collection
from dataclasses import replace

from vendor_fetch.adopt.entry import Entry


def of_group(entry: Entry, group: str, wanted: Collection[str]) -> Entry:
    """Return the entry of a group; it is refused if the group is not wanted."""
    if group in wanted:
        return entry
    return replace(
        entry,
        requirement="",
        pin="",
        refusal=f"only the group {group} asks for it; --group {group} takes it",
    )
