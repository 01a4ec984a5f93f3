"""A script that uses Rolf's API through any of its web servers, and retries as curl --retry does."""

import http.client
import json
import random
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

TIMEOUT = 40.0  # seconds; an answer may wait for 30


class Away(Exception):
    """No answer, or one of 500 and above: `status`, or 0."""

    def __init__(self, status: int, text: str = "") -> None:
        super().__init__(f"{status} {text[:200]}")
        self.status = status


@dataclass(frozen=True)
class Answer:
    """The status of an answer, and its JSON or its text."""

    status: int
    content: Any


@dataclass(frozen=True)
class Client:
    """One with a token."""

    addresses: Sequence[str]
    token: str

    def ask(self, method: str, path: str, body: Any = None, *, plain: bool = False) -> Answer:
        """Send a request to one of the servers. Raise Away if it does not answer, or with 5xx."""
        request = urllib.request.Request(
            f"{random.choice(self.addresses)}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
                **({} if plain else {"Accept": "application/json"}),
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
                return Answer(answer.status, _content(answer.read(), plain))
        except urllib.error.HTTPError as error:
            with error:
                text = error.read()
            if error.code >= 500:
                raise Away(error.code, text.decode(errors="replace")) from None
            return Answer(error.code, _content(text, plain))
        except (OSError, http.client.HTTPException) as error:
            raise Away(0, repr(error)) from None

    def answers(self) -> bool:
        """Return whether the server answers."""
        try:
            return self.ask("GET", "/api/deployments").status in (200, 401)
        except Away:
            return False


def _content(text: bytes, plain: bool) -> Any:
    if plain:
        return text.decode(errors="replace")
    try:
        return json.loads(text)
    except ValueError:
        return text.decode(errors="replace")
