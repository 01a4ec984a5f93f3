"""The size of an installation and of what it pushes."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much there is of everything.

    `lines` are those of each stage, which takes about `seconds` for them. If stages are `silent`,
    only the target has the lines.
    """

    machines: int = 2
    workers: int = 2  # on each machine
    webs: int = 2
    slots: int = 8  # of each worker
    deployments: int = 40
    stages: int = 6
    lines: int = 20
    seconds: float = 0.2
    silent: bool = False
