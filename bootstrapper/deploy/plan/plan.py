"""What a push will do, complete and before it is done: pure data that is kept as its snapshot."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby
from typing import Any, Self

FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One stage, its code included. Durations in seconds."""

    name: str
    recipe: str
    language: str  # "shell", "python", or "program" for code with a shebang
    code: str
    origin: str  # the recipe's file, or "cookbook" for one of ours
    shadows: bool = False  # the project's own recipe stands before one of ours
    per_host: bool = False
    switches: bool = False  # once it has run, the new release is live
    from_release: bool = False  # it needs no checkout: releases/$RELEASE is enough
    hides: bool = False  # once it has begun, visitors see a page of maintenance
    shows: bool = False  # once it has run, they see the site again
    timeout: float | None = None
    idle_timeout: float | None = None
    skipped: str = ""  # why it isn't run


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A push. Its secrets are neither shown nor kept; everything else is its snapshot.

    `release` is the id that the push makes live: its own, or, where a rollback finds the old
    release still there, that one; `releases` names it for hosts where it differs.
    Of a rollback, `rollback_of` is the push that it undoes, `rollback_to` the one that it returns
    to, and `rollback_url` that one's tag.
    """

    id: int
    deployment: str
    comment: str
    user: str
    machine: str
    ref: str
    commit: str
    stages: tuple[Stage, ...]
    settings: Mapping[str, str]
    flags: Mapping[str, str]
    secret_names: tuple[str, ...]
    secrets: Mapping[str, str] = field(repr=False)
    hosts: tuple[str, ...]
    release: int
    releases: Mapping[str, int] = field(default_factory=dict)
    rollback_of: int | None = None
    rollback_to: int | None = None
    rollback_url: str = ""
    on_failure: str = "halt"
    batch: int = 0  # how many hosts at a time; 0: all of them
    max_failures: int = 0
    deployment_id: str = ""  # the deployment's number in Rolf; outside it the name says all

    def snapshot(self) -> dict[str, Any]:
        """As JSON takes it, without the secrets' values and the stages' code."""
        whole = asdict(self)
        del whole["secrets"]
        for stage in whole["stages"]:
            del stage["code"]
        return {"format": FORMAT, **whole}

    @classmethod
    def restored(
        cls, snapshot: Mapping[str, Any], code: Mapping[int, str], secrets: Mapping[str, str]
    ) -> Self:
        """The plan that was kept: `code` by the stage's index, `secrets` as they are today."""
        fields = {
            name: value for name, value in snapshot.items() if name in cls.__dataclass_fields__
        }
        stages = tuple(
            Stage(
                code=code[index],
                **{
                    name: value
                    for name, value in stage.items()
                    if name in Stage.__dataclass_fields__
                },
            )
            for index, stage in enumerate(snapshot["stages"])
        )
        return cls(
            **fields
            | {
                "stages": stages,
                "secrets": secrets,
                "hosts": tuple(snapshot["hosts"]),
                "secret_names": tuple(snapshot["secret_names"]),
            }
        )

    def switching(self) -> int | None:
        """The index of the stage that a fast rollback begins with: it puts a release live, and
        needs nothing but that. None if there is no such stage.
        """
        first = next(
            (
                index
                for index, stage in enumerate(self.stages)
                if stage.switches and not stage.skipped
            ),
            None,
        )
        return first if first is not None and self.stages[first].from_release else None


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
        yield tuple(hosts[start : start + size])
