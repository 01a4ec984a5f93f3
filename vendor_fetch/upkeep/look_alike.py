"""Find a known package whose name is one edit away from a new one: a misspelt name may be a trap."""

from collections.abc import Iterable


def look_alike(name: str, known: Iterable[str]) -> str:
    """Return the known name that is one edit away from another name, or an empty string.

    An edit inserts, deletes or replaces a letter, or swaps two neighbours. Names that differ in
    their hyphens alone count, too. The names are canonical.
    """
    others = sorted(set(known) - {name})
    return next((other for other in others if _is_one_edit_away(name, other)), "")


def _is_one_edit_away(one: str, other: str) -> bool:
    if one.replace("-", "") == other.replace("-", ""):
        return True
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    rest, other_rest = one[start:], other[start:]
    return (
        rest[1:] == other_rest  # one letter more
        or rest == other_rest[1:]  # one less
        or rest[1:] == other_rest[1:]  # another one
        or (rest[:2] == other_rest[1::-1] and rest[2:] == other_rest[2:])  # two swapped
    )
