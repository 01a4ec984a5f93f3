"""One line of a dependency file, and what becomes of it."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A line, or a table of a lock.

    `place` is the file with the line or the name of the table, and `text` what stands there.
    `requirement` is the line of apps.in for it; empty if it is none. `also` are further lines. `pin`
    is the exact version that it locks, or `commit` that of git, and `marker` the environments that
    it locks it for. With `limits_only`, the requirement limits versions and asks for nothing. With
    `is_lock`, it stands in a list that was compiled of another one, which asks.
    `hashes` are the accepted sha256. `index` is the option of pip for an index, and its address.
    `change` says how the requirement differs from the text, and
    `refusal` why there is none, each with what to do.
    """

    place: str
    text: str
    name: str = ""
    requirement: str = ""
    also: tuple[str, ...] = ()
    pin: str = ""
    commit: str = ""
    marker: str = ""
    limits_only: bool = False
    is_lock: bool = False
    hashes: tuple[str, ...] = ()
    index: tuple[str, ...] = ()
    change: str = ""
    refusal: str = ""
