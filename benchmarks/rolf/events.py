"""Server-sent events, read as a browser reads them (HTML, "Server-sent events")."""

from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPResponse


@dataclass(frozen=True, kw_only=True)
class Event:
    """One event of a stream; `id` is what a reconnect would begin after."""

    kind: str
    data: str
    id: str


def events(response: HTTPResponse) -> Iterator[Event]:
    """Each event as soon as it has come, until the stream ends."""
    kind, data, identity = "message", [], ""
    while line := response.readline():
        name, _, value = line.decode().rstrip("\r\n").partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            kind = value
        elif name == "data":
            data.append(value)
        elif name == "id":
            identity = value
        elif not name and not value and data:
            yield Event(kind=kind, data="\n".join(data), id=identity)
            kind, data = "message", []
