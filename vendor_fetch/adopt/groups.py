"""The groups of dependencies that a project is adopted with."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from bootstrapper.ve.standards.filename import canonical_name
from bootstrapper.ve.standards.requirement import InvalidRequirement
from vendor_fetch.adopt.entry import Entry
from vendor_fetch.project.direct_reference import parse_line


def is_wanted(group: str, wanted: Collection[str]) -> bool:
    """Return whether a group is among the wanted ones, however both are written (PEP 735)."""
    return canonical_name(group) in map(canonical_name, wanted)


def of_group(entry: Entry, group: str, wanted: Collection[str]) -> Entry:
    """Return the entry of a group; it is refused if the group is not wanted."""
    if is_wanted(group, wanted):
        return entry
    return replace(
        entry,
        requirement="",
        pin="",
        refusal=f"only the group {group} asks for it; --group {group} takes it",
    )


def own_extras(text: str, own: str) -> frozenset[str]:
    """Return the extras of the project `own` that a requirement asks for, as in `mysite[web]`."""
    try:
        requirement = parse_line(text)
    except InvalidRequirement:
        return frozenset()
    return requirement.extras if own and requirement.name == canonical_name(own) else frozenset()


def with_own_extras(
    wanted: Collection[str],
    own: str,
    dependencies: Iterable[str],
    extras: Mapping[str, Iterable[str]],
) -> set[str]:
    """Return the wanted groups, and the extras of the project `own` that it asks for itself.

    `dependencies` always hold, and `extras` are lists of requirements by name.
    """
    found = {canonical_name(each) for each in wanted}
    queue = [*dependencies]
    left = {canonical_name(name): list(members) for name, members in extras.items()}
    while True:
        found |= {extra for text in queue for extra in own_extras(text, own)}
        queue = [text for name in found & left.keys() for text in left.pop(name)]
        if not queue:
            return found


def of_own_extras(entry: Entry, own: str) -> Entry:
    """Return an entry; one that asks for extras of the project `own` is no line of its own."""
    if not own_extras(entry.requirement or entry.text, own):
        return entry
    return replace(
        entry, requirement="", change="the project itself; the lines of the extra follow"
    )
