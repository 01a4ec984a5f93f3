"""The user who pushes a deployment now, and the user who locked it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Self

from bootstrapper.deploy.events.times import short_time
from bootstrapper.deploy.machine.directory import machine_name
from bootstrapper.errors import Locked
from bootstrapper.plain_text import single_line
from bootstrapper.program import PROGRAM
from bootstrapper.quoting import quoted


@dataclass(frozen=True, kw_only=True)
class Actor:
    """`who` is a login name, `since` a time in ISO 8601 with offset."""

    who: str = ""
    machine: str = ""
    since: str = ""

    def to_json(self) -> str:
        """Return it as one line of ASCII."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Return what the text says; fields that are damaged, missing or unknown are empty."""
        try:
            read = json.loads(text)
        except ValueError:
            read = {}
        known = read if isinstance(read, Mapping) else {}
        return cls(
            **{
                field.name: known[field.name]
                for field in fields(cls)
                if isinstance(known.get(field.name), type(field.default))
            }
        )

    def __str__(self) -> str:
        who = (
            f"{self.who or 'somebody'}@{self.machine}" if self.machine else (self.who or "somebody")
        )
        return single_line(f"{who} since {short_time(self.since)}" if self.since else who)


@dataclass(frozen=True, kw_only=True)
class PushHolder(Actor):
    """The user who pushes a deployment now; `push` is empty until its number is known."""

    push: str = ""
    deployment: str = ""
    pid: int = 0

    def refusal(self, deployment: str, host: str = "") -> Locked:
        """Return the error for another user who wants to push."""
        name = single_line(self.deployment) or deployment  # a host reports it
        word = quoted(name)
        what = (
            "is being pushed"
            if name == deployment
            else (f"its target is being pushed to by deployment {name}")
        )
        push = f" (push {single_line(self.push)})" if self.push else ""
        near = self.machine == machine_name()
        # The lock of a host is not this directory's own: the push may be of another directory.
        end = ", in the directory that it was started from" if host else ""
        machine = single_line(self.machine) or "the machine that pushes"
        return Locked(
            f"{deployment} ({host})" if host else deployment,
            f"{what} by {self}{push}",
            f"{PROGRAM} status {word}  # wait for it, or "
            + (f"end it{end}: {PROGRAM} cancel {word}" if near else f"cancel it on {machine}"),
        )


@dataclass(frozen=True, kw_only=True)
class LockInfo(Actor):
    """The user who locked a deployment with `lock`, and the reason."""

    reason: str = ""

    def refusal(self, deployment: str) -> Locked:
        """Return the error for a user who wants to push."""
        reason = f": {single_line(self.reason)}" if self.reason else ""
        return Locked(
            deployment, f"has been locked by {self}{reason}", f"{PROGRAM} unlock {deployment}"
        )
