"""What is wrong in the files that people write: every fault at once, with its line.

One fault is told as any error is. Several are told under the file that they began with:

    deploy/deployments.toml: 2 faults
      deploy/deployments.toml:12: "brnch" is no key of a deployment; did you mean "branch"?
      deploy/deployments.toml:31: …
      next: mend them, then the same command
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bootstrapper.errors import InputError

NEXT = "mend {}, then the same command"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """`file` is relative to the project; `line` counts from 1, 0 is the whole file.

    `next_step` is the command that mends it, where there is one.
    """

    file: str
    line: int = 0
    text: str
    next_step: str = ""

    @property
    def where(self) -> str:
        """The file, with the line as compilers and editors write it."""
        return f"{self.file}:{self.line}" if self.line else self.file

    def __str__(self) -> str:
        return f"{self.where}: {self.text}"


class DefinitionError(InputError):
    """A file that people write has `faults`; to be told with those of other files."""

    def __init__(
        self, where: str, fault: str, next_step: str, faults: Sequence[Problem] = ()
    ) -> None:
        super().__init__(where, fault, next_step)
        self.faults = tuple(faults)


def definition_error(faults: Iterable[Problem]) -> DefinitionError:
    """The error that names `faults` (at least one), each of them once, by file and line."""
    told = list(dict.fromkeys(faults))
    files = list(dict.fromkeys(fault.file for fault in told))
    told.sort(key=lambda fault: (files.index(fault.file), fault.line))
    steps = list(dict.fromkeys(fault.next_step for fault in told if fault.next_step))
    if len(told) == 1:
        [fault] = told
        return DefinitionError(
            fault.where, fault.text, fault.next_step or NEXT.format("that"), told
        )
    listed = "".join(f"\n  {fault}" for fault in told)
    return DefinitionError(
        files[0], f"{len(told)} faults{listed}", "; ".join([*steps, NEXT.format("them")]), told
    )




