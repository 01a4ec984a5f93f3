"""What is to be reached, and what was."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Target:
    """`measured` is to be `most` or less; it is None where a peer is missing."""

    what: str
    most: float
    measured: float | None

    @property
    def reached(self) -> bool:
        """Whether it is, as it is shown: to two digits."""
        return self.measured is not None and round(self.measured, 2) <= self.most
