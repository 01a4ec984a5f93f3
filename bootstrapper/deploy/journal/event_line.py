"""Encode an event as a line of events.jsonl, and decode it.

The data of output is in output.log; its line in events.jsonl is an index entry.
"""

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

from bootstrapper.deploy.events.event import (
    Event,
    Note,
    Output,
    PushEnded,
    PushStarted,
    StageEnded,
    StageEvent,
    StageStarted,
    State,
    Stream,
    VariableSet,
)


@dataclass(frozen=True, kw_only=True)
class Span(StageEvent):
    """An `Output` without its data: those are `length` bytes from `offset` of output.log."""

    stream: Stream
    offset: int
    length: int


KINDS: dict[str, type[Event]] = {
    kind.__name__: kind
    for kind in (PushStarted, StageStarted, Note, VariableSet, StageEnded, PushEnded, Span)
}
# Each kind, and the values that its line has; docs/reference.md prints these tables.
DOCS = {
    "PushStarted": "the push starts, or a user resumes it",
    "StageStarted": "the process of a stage is about to start",
    "Span": "a stage printed something: the bytes in output.log from `offset` on",
    "Note": "the engine has something to say about a stage, such as a time-out",
    "VariableSet": "a stage wrote a line `NAME=value` into `ROLF_OUTPUT`",
    "StageEnded": "the process of a stage ended",
    "PushEnded": "the push ended. A push that is lost has no such event",
}
FIELDS = {
    "event": "the kind of the event",
    "at": "seconds since 1970. It never decreases within a push",
    "stage": "the index of the stage, from 0 on",
    "host": "the host; empty for a stage that runs once",
    "resumed": "whether a user resumed the push",
    "stream": "`stdout` or `stderr`",
    "offset": "where the output begins in output.log, in bytes",
    "length": "how many bytes it has",
    "text": "the text of the note",
    "name": "the name of the variable",
    "value": "the value of the variable, with secrets masked",
    "state": "the state of the stage or push after its end",
    "exit": "the exit status; negative for a signal, null if there is none",
    "seconds": "how long the stage took",
    "reason": "in words, why it did not succeed",
}
# The kind comes first in a line, so that a reader can pass over the output of a long push quickly.
SPAN_BEGINS = b'{"event": "Span"'


def encoded(event: Event) -> bytes:
    """Return the line, newline included."""
    return json.dumps({"event": type(event).__name__, **asdict(event)}).encode() + b"\n"


def span(output: Output, offset: int) -> bytes:
    """Return the line for `output` whose data begin at `offset`; by hand, as a flood has many of them."""
    host = json.dumps(output.host) if output.host else '""'
    return (
        b'%s, "at": %r, "stage": %d, "host": %s, "stream": "%s", "offset": %d, '
        b'"length": %d}\n'
        % (
            SPAN_BEGINS,
            output.at,
            output.stage,
            host.encode(),
            output.stream.encode(),
            offset,
            len(output.data),
        )
    )


def decoded(line: bytes) -> Event | None:
    """Return the event; None for a torn line, and for what only a later version knows."""
    try:
        data: dict[str, Any] = json.loads(line)
        if line.startswith(SPAN_BEGINS):
            return Span(
                at=data["at"],
                stage=data["stage"],
                host=data["host"],
                stream=Stream(data["stream"]),
                offset=data["offset"],
                length=data["length"],
            )
        kind = KINDS[data["event"]]
        values = {part.name: data[part.name] for part in fields(kind) if part.name in data}
        if "state" in values:
            values["state"] = State(values["state"])
        if "stream" in values:
            values["stream"] = Stream(values["stream"])
        return kind(**values)
    except (KeyError, TypeError, ValueError):
        return None
