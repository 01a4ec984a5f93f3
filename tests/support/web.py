"""A web server that answers as a test wants, and remembers what it was asked."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, kw_only=True)
class Request:
    """What was asked, and by which number of request."""

    number: int
    method: str
    path: str
    host: str
    body: str


Reply = tuple[int, str] | tuple[int, str, str]
"""Status, body, and the place of a redirect."""


@dataclass(kw_only=True)
class Web:
    """Where it is, and what it has been asked."""

    url: str
    requests: list[Request] = field(default_factory=list)


@contextmanager
def serve(reply: Callable[[Request], Reply]) -> Iterator[Web]:
    """Answer requests on loopback."""
    web = Web(url="")

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            request = Request(
                number=len(web.requests) + 1,
                method=self.command,
                path=self.path,
                host=self.headers["Host"],
                body=body,
            )
            web.requests.append(request)
            status, text, *place = reply(request)
            self.send_response(status)
            for each in place:
                self.send_header("Location", each)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST = do_PURGE = answer  # noqa: N815  the server's way to find them

        def log_message(self, *words: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        web.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield web
        finally:
            server.shutdown()
            thread.join()
