"""A difference between the lock, the vendored files and the ve, and the command that removes it."""

from collections.abc import Iterable
from dataclasses import dataclass

from bootstrapper.errors import WorkFailed
from bootstrapper.program import PROGRAM

REBUILD = "./bootstrap.py"
# More commands than this are too many to read; the rest appear when these have been run.
_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One difference: the place, what is wrong, and the next command."""

    where: str
    fault: str
    next_step: str = REBUILD

    @classmethod
    def of(cls, error: WorkFailed) -> "Difference":
        """The difference that an error describes."""
        return cls(where=error.where, fault=error.fault, next_step=error.next_step)

    def __str__(self) -> str:
        return f"{self.where}: {self.fault}"


def next_steps(differences: Iterable[Difference]) -> list[str]:
    """The commands that remove the differences, each once; the rebuild comes last."""
    steps = list(dict.fromkeys(each.next_step for each in differences))
    others = [step for step in steps if step != REBUILD]
    if len(others) > _SHOWN:
        others = [*others[:_SHOWN], f"{PROGRAM} check (it shows the next commands)"]
    return [*others, *(step for step in steps if step == REBUILD)]
