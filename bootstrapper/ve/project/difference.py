"""Differences between lock, vendored files and virtualenv, and the commands that remove them."""

from collections.abc import Iterable
from dataclasses import dataclass

from bootstrapper.errors import WorkFailed
from bootstrapper.program import PROGRAM

REBUILD = "./bootstrap.py"
# A user runs these commands, and `check` then shows the next ones.
_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One difference: the place, the fault, and the next command."""

    where: str
    fault: str
    next_step: str = REBUILD

    @classmethod
    def of(cls, error: WorkFailed) -> "Difference":
        """Return the difference that an error describes."""
        return cls(where=error.where, fault=error.fault, next_step=error.next_step)

    def __str__(self) -> str:
        return f"{self.where}: {self.fault}"


def next_steps(differences: Iterable[Difference]) -> list[str]:
    """Return the commands that remove the differences, each once; the rebuild comes last."""
    steps = list(dict.fromkeys(each.next_step for each in differences))
    others = [step for step in steps if step != REBUILD]
    if len(others) > _SHOWN:
        others = [*others[:_SHOWN], f"{PROGRAM} check  # shows the next commands"]
    return [*others, *(step for step in steps if step == REBUILD)]
