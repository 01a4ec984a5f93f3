"""Which hosts run which stages together: pure."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from bootstrapper.deploy.plan import Stage


def blocks(stages: Sequence[Stage], hosts: Sequence[str]) -> Iterator[list[int]]:
    """The stages' indexes: those that run on each host, one after the other, are one block.

    A batch of hosts runs a whole block before the next batch begins it.
    """
    def kind(index: int) -> tuple[str, int]:
        return ("per host", 0) if rolls(stages[index], hosts) else ("once", index)

    for _, block in groupby(range(len(stages)), kind):
        yield list(block)


def rolls(stage: Stage, hosts: Sequence[str]) -> bool:
    """Whether the stage runs once for each host."""
    return stage.per_host and len(hosts) > 1


def batches(hosts: Sequence[str], size: int) -> Iterator[tuple[str, ...]]:
    """The hosts in order, `size` at a time; all at once if that is 0."""
    size = size or len(hosts)
    for start in range(0, len(hosts), size):
        yield tuple(hosts[start:start + size])
