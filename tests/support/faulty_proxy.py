"""pypiserver on a loopback port, and a proxy before it with the faults of real servers."""

import base64
import http.client
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

from tests.support.oidc import free_port

HOP = ("connection", "transfer-encoding", "server", "date")


@dataclass
class Fault:
    """What happens to the answers for paths that match `path`, `times` times.

    `status` answers with that status. `slow` sends little by little, with so many seconds between.
    `truncated` ends in the middle, `corrupt` changes the first byte of a whole file, `redirect` sends
    the client to another host, and `dead` closes the connection without an answer.
    """

    path: str
    times: float = float("inf")
    status: int = 0
    slow: float = 0
    truncated: bool = False
    corrupt: bool = False
    redirect: str = ""
    dead: bool = False


@dataclass
class Request:
    """A request that has reached the proxy."""

    method: str
    path: str
    authorization: str | None


class Proxy:
    """A proxy before the server on a port, until the `with` ends. `login` is asked for, if any."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self.port = port
        self.host = host
        self.faults: list[Fault] = []
        self.login: tuple[str, str] | None = None
        self.requests: list[Request] = []
        handler = type("Handler", (_Handler,), {"proxy": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        """The address of the index, without credentials."""
        return f"http://{self.host}:{self._server.server_port}/simple/"

    def url_with(self, user: str, password: str = "") -> str:
        """The address with credentials."""
        login = f"{user}:{password}" if password else user
        return self.url.replace("//", f"//{login}@")

    def fault_of(self, path: str) -> Fault | None:
        """The first fault for a path that is not used up."""
        for fault in self.faults:
            if re.search(fault.path, path) and fault.times > 0:
                fault.times -= 1
                return fault
        return None

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    proxy: Proxy

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        proxy = self.proxy
        authorization = self.headers.get("Authorization")
        proxy.requests.append(Request(self.command, self.path, authorization))
        if proxy.login:
            expected = base64.b64encode(":".join(proxy.login).encode()).decode()
            if authorization != f"Basic {expected}":
                self._answer(401, b"", {"WWW-Authenticate": 'Basic realm="tests"'})
                return
        fault = proxy.fault_of(self.path) or Fault(path="")
        if fault.dead:
            return
        if fault.status:
            self._answer(fault.status, b"", {})
            return
        if fault.redirect:
            self._answer(302, b"", {"Location": fault.redirect.rstrip("/") + self.path})
            return
        status, headers, content = self._forward()
        is_whole = status == 200 and self.command == "GET"
        if fault.corrupt and is_whole:
            content = bytes([content[0] ^ 1]) + content[1:]
        sent = content[: len(content) // 2] if fault.truncated else content
        self._answer(status, sent, headers, pause=fault.slow)

    def _forward(self) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.proxy.port, timeout=30)
        kept = {name: self.headers[name] for name in ("Range", "Accept") if name in self.headers}
        connection.request(self.command, self.path, headers=kept)
        answer = connection.getresponse()
        content = answer.read()
        headers = {name: text for name, text in answer.getheaders() if name.lower() not in HOP}
        connection.close()
        return answer.status, headers, content

    def _answer(
        self, status: int, content: bytes, headers: dict[str, str], pause: float = 0
    ) -> None:
        self.send_response(status)
        for name, text in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, text)
        self.end_headers()
        size = max(1, len(content) // 20) if pause else len(content) or 1
        for start in range(0, len(content), size):
            time.sleep(pause)
            self.wfile.write(content[start : start + size])
            self.wfile.flush()

    def handle(self) -> None:
        with suppress(ConnectionError):
            super().handle()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@contextmanager
def pypiserver(directory: Path) -> Iterator[int]:
    """pypiserver with the files of a directory, until the `with` ends; its port."""
    port = free_port()
    command = [sys.executable, "-m", "pypiserver", "run", "-i", "127.0.0.1", "-p", str(port)]
    options = ["--hash-algo", "sha256", "--disable-fallback", "-a", ".", "-P", "."]
    with subprocess.Popen(
        [*command, *options, str(directory)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            _wait(port, server.poll)
            yield port
        finally:
            server.terminate()


def _wait(port: int, ended: Callable[[], int | None]) -> None:
    for _ in range(600):
        assert ended() is None, "pypiserver has ended"
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        with suppress(OSError):
            connection.request("GET", "/health")
            connection.getresponse().read()
            return
        time.sleep(0.05)
    raise AssertionError("pypiserver does not answer")
