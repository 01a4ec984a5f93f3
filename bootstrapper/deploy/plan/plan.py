"""The plan of a push: all that it will do, as data that its snapshot keeps."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from itertools import groupby
from types import MappingProxyType
from typing import Any, Self

from bootstrapper.errors import InputError
from bootstrapper.program import PROGRAM
from bootstrapper.quoting import quoted

FORMAT = 1


def deploy_command(deployment: str, commit: str) -> str:
    """Return the command that pushes a commit; without one, what the deployment's branch has now."""
    return f"{PROGRAM} deploy {quoted(deployment)}" + (f" --ref {quoted(commit)}" if commit else "")


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

    def snapshot(self, *, code: bool = False) -> dict[str, Any]:
        """Return the plan as JSON takes it, without the values of secrets.

        The code of stages is part of it with `code`; it is kept in files of its own otherwise.
        """
        whole = asdict(self)
        del whole["secrets"]
        if not code:
            for stage in whole["stages"]:
                del stage["code"]
        return {"format": FORMAT, **whole}

    @classmethod
    def restored(
        cls,
        snapshot: Mapping[str, Any],
        secrets: Mapping[str, str],
        code: Mapping[int, str] = MappingProxyType({}),
    ) -> Self:
        """Return the plan that a snapshot keeps.

        `code` is that of the stages by index, where the snapshot itself doesn't hold it. Of the
        `secrets`, which are today's, the plan takes those that it had. Raise InputError if one of
        them has no value now, or the code of a stage is no longer kept.
        """
        where = f"push {snapshot['id']}" if snapshot["id"] else snapshot["deployment"]
        lacking = [name for name in snapshot["secret_names"] if not secrets.get(name)]
        if lacking:
            raise InputError(
                where,
                f"it had the secret {lacking[0]}, which has no value now",
                f"touch deploy/secrets.env; chmod 600 deploy/secrets.env; "
                f"${{EDITOR:-vi}} deploy/secrets.env  # add {lacking[0]}=…",
            )
        stages = [
            {"code": code.get(index), **_fields(Stage, stage)}
            for index, stage in enumerate(snapshot["stages"])
        ]
        if any(stage["code"] is None for stage in stages):
            raise InputError(
                where,
                "it is so old that the code of its stages is no longer kept",
                deploy_command(snapshot["deployment"], snapshot["commit"]),
            )
        return cls(
            **_fields(cls, snapshot)
            | {
                "stages": tuple(Stage(**stage) for stage in stages),
                "secrets": {name: secrets[name] for name in snapshot["secret_names"]},
                "hosts": tuple(snapshot["hosts"]),
                "secret_names": tuple(snapshot["secret_names"]),
            }
        )

    def switching(self) -> int | None:
        """Return the index of the stage that a fast rollback begins with: it puts a release live, and
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

    def blocks(self) -> Iterator[list[int]]:
        """Yield the indexes of stages: those that run per host, one after the other, are one block.

        A batch of hosts runs a whole block before the next batch begins it.
        """

        def kind(index: int) -> tuple[str, int]:
            return ("per host", 0) if self.per_host(self.stages[index]) else ("once", index)

        for _, block in groupby(range(len(self.stages)), kind):
            yield list(block)

    def per_host(self, stage: Stage) -> bool:
        """Return whether the stage runs once for each host."""
        return stage.per_host and len(self.hosts) > 1

    def batches(self) -> Iterator[tuple[str, ...]]:
        """Yield the hosts in order, `batch` at a time; all at once if that is 0."""
        size = self.batch or len(self.hosts)
        for start in range(0, len(self.hosts), size):
            yield tuple(self.hosts[start : start + size])


def _fields(kind: type[Stage] | type[Plan], kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a snapshot keeps of those that the class has now."""
    return {name: value for name, value in kept.items() if name in kind.__dataclass_fields__}
