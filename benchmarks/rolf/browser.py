"""A person's browser, as far as Rolf sees it: signs in, clicks, follows a push."""

import re
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse

PATIENCE = 60.0  # seconds
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class Browser:
    """One that has signed in. Each request has a connection of its own; nothing is cached."""

    def __init__(self, port: int, name: str, password: str) -> None:
        self._port = port
        self._cookies: dict[str, str] = {}
        self.post("/sign-in/", {"username": name, "password": password}, form="/sign-in/")

    def get(self, path: str) -> str:
        """Return a page's text, after redirects: a push that begins gets another address.

        Raise RuntimeError if there is no page.
        """
        with self.open("GET", path) as answer:
            text = answer.read().decode()
            if answer.status == 302:
                return self.get(answer.headers["Location"])
            if answer.status != 200:
                raise RuntimeError(f"{path} answers {answer.status}")
            return text

    def post(self, path: str, fields: Mapping[str, str], *, form: str) -> str:
        """Send the form that is on the page `form`; the address that it leads to."""
        return self.send(path, {**self.form(form), **fields})

    def form(self, path: str) -> dict[str, str]:
        """What the form of a page has to be sent with."""
        found = _TOKEN.search(self.get(path))
        if not found:
            raise RuntimeError(f"{path} has no form")
        return {"csrfmiddlewaretoken": found[1]}

    def send(self, path: str, fields: Mapping[str, str]) -> str:
        """Send a form that is open already; the address that it leads to."""
        body = urllib.parse.urlencode(fields)
        with self.open("POST", path, body) as answer:
            answer.read()
            if answer.status not in (302, 303):
                raise RuntimeError(f"{path} answers {answer.status} to a form")
            return answer.headers["Location"]

    @contextmanager
    def open(
        self,
        method: str,
        path: str,
        body: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[HTTPResponse]:
        """The answer to a request, its body unread."""
        connection = HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        try:
            connection.request(
                method,
                path,
                body,
                {
                    "Cookie": cookies,
                    "Content-Type": "application/x-www-form-urlencoded",
                    "Origin": f"http://127.0.0.1:{self._port}",
                    **(headers or {}),
                },
            )
            answer = connection.getresponse()
            for line in answer.headers.get_all("Set-Cookie", []):
                name, _, value = line.partition(";")[0].partition("=")
                self._cookies[name] = value
            yield answer
        finally:
            connection.close()
