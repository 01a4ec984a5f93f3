"""Pushes as the engine would tell of them, for the tests of what keeps and shows them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bootstrapper.deploy.events.event import (
    Event,
    Output,
    PushEnded,
    PushStarted,
    StageEnded,
    StageStarted,
    State,
    Stream,
)
from bootstrapper.deploy.journal.journal import FileJournal
from bootstrapper.deploy.plan.plan import Plan

AT = 1_800_000_000.0
# The keys that a push has in `pushes --json`, whatever else it has.
PROMISED = [
    "id",
    "state",
    "comment",
    "user",
    "ref",
    "commit",
    "started",
    "ended",
    "rollback_of",
    "stages",
]
STAGES = ("git-clone", "unit-tests", "migrate")


def snapshot(number: int = 1, deployment: str = "production", **more: object) -> dict[str, object]:
    return {
        "format": 1,
        "id": number,
        "deployment": deployment,
        "comment": "exam week",
        "user": "anna",
        "machine": "laptop",
        "ref": "main",
        "commit": "c0ffee" * 6 + "c0ff",
        "release": number,
        "rollback_of": None,
        "rollback_url": "",
        "settings": {"REMOTE_HOST": "app1", "HOSTS": ["a", "b"]},
        "stages": [{"name": name, "recipe": name} for name in STAGES],
        **more,
    }


def plan(**fields: Any) -> Plan:
    """Return a plan without stages and hosts, but for these fields."""
    nothing: dict[str, Any] = {
        "comment": "",
        "user": "",
        "machine": "",
        "ref": "",
        "commit": "",
        "stages": (),
        "settings": {},
        "flags": {},
        "secret_names": (),
        "secrets": {},
        "hosts": (),
    }
    return Plan(**{"id": 1, "deployment": "production", "release": 1, **nothing, **fields})


def out(
    data: bytes, stage: int = 0, *, stream: Stream = Stream.STDOUT, host: str = "", at: float = AT
) -> Output:
    return Output(at=at, stage=stage, host=host, stream=stream, data=data)


def err(data: bytes, stage: int = 0, **more: str) -> Output:
    return out(data, stage, stream=Stream.STDERR, **more)


def succeeded(stage: int, data: bytes = b"") -> list[Event]:
    at = AT + 10 * stage
    return [
        StageStarted(at=at, stage=stage),
        *([out(data, stage, at=at + 1)] if data else []),
        StageEnded(at=at + 2, stage=stage, state=State.SUCCEEDED, exit=0, seconds=2.0),
    ]


def failed(stage: int, data: bytes = b"") -> list[Event]:
    at = AT + 10 * stage
    return [
        StageStarted(at=at, stage=stage),
        *([err(data, stage)] if data else []),
        StageEnded(
            at=at + 2, stage=stage, state=State.FAILED, exit=1, seconds=2.0, reason="exit status 1"
        ),
        PushEnded(at=at + 3, state=State.FAILED, reason="unit-tests: exit status 1"),
    ]


def whole(*printed: bytes) -> list[Event]:
    events: list[Event] = [PushStarted(at=AT)]
    for stage, data in enumerate(printed or (b"cloned\n", b"OK\n", b"migrated\n")):
        events += succeeded(stage, data)
    return [*events, PushEnded(at=AT + 100, state=State.SUCCEEDED)]


def kept(
    project: Path,
    events: Iterable[Event],
    number: int = 1,
    *,
    finish: bool = True,
    deployment: str = "production",
    **more: object,
) -> FileJournal:
    """The journal of a push with these `events`; without `finish`, its runner died then."""
    journal = FileJournal.create(
        project, number, snapshot(number, deployment, **more), {"01-git-clone.sh": "git clone …\n"}
    )
    for event in events:
        journal.write(event)
    if finish:
        journal.finish(journal.record())
    return journal


def nobody(deployment: str) -> int | None:
    return None
