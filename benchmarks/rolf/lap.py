"""A push from the click on."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Lap:
    """Seconds from the click until its first line has come, and until its end is known."""

    first: float
    whole: float
