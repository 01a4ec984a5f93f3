"""A package index on a loopback port that keeps what it has fetched, and counts its requests.

It gets a project page or a file from the configured index when a client asks for it first, so a
warmed-up mirror measures no network. Its answers have the cache headers that large public indexes
send: a page is fresh for ten minutes, a file for ever.
"""

import hashlib
import json
import re
import subprocess
import sys
import threading
import zipfile
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import requests

from vendor_fetch.index.index import configured_index

_JSON = "application/vnd.pypi.simple.v1+json"
_PAGE_CACHE = "max-age=600, public"
_FILE_CACHE = "max-age=365000000, immutable, public"


@dataclass(frozen=True, kw_only=True)
class _Page:
    """A project page with addresses of the mirror, and the original address of each file."""

    content: bytes
    etag: str
    addresses: dict[str, str]


class Mirror:
    """The index, until the `with` ends. `directory` keeps the files.

    `asked` counts the answers of a whole page or file since the last `forget()`, by path.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True)
        self.asked: Counter[str] = Counter()
        self._directory = directory
        self._upstream = configured_address()
        self._session = requests.Session()
        self._session.verify = configured_index(directory).certificates or True
        self._pages: dict[str, _Page | None] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()
        handler = type("Handler", (_Handler,), {"mirror": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        """The address for pip and uv."""
        return f"http://127.0.0.1:{self._server.server_port}/simple/"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def forget(self) -> None:
        """Count from zero."""
        self.asked = Counter()

    def pages(self) -> Counter[str]:
        """How often each project page was asked for."""
        return Counter({path: n for path, n in self.asked.items() if path.startswith("/simple/")})

    def files(self) -> Counter[str]:
        """How often each file was asked for; the metadata of a wheel is a file of its own."""
        return Counter({path: n for path, n in self.asked.items() if path.startswith("/files/")})

    def count(self, path: str) -> None:
        """Add one request."""
        with self._lock:
            self.asked[path] += 1

    def page(self, name: str) -> _Page | None:
        """The page of a project; None if the index has no such project."""
        with self._lock_of(name):
            if name not in self._pages:
                self._pages[name] = self._fetch_page(name)
            return self._pages[name]

    def file(self, name: str, filename: str) -> Path | None:
        """A file of a project, or the metadata of its wheel; None if the index has no such file."""
        page = self.page(name)
        original = filename.removesuffix(".metadata")
        if not page or original not in page.addresses:
            return None
        path = self._directory / original
        with self._lock_of(original):
            if not path.exists():
                answer = self._session.get(page.addresses[original], timeout=60)
                answer.raise_for_status()
                path.write_bytes(answer.content)
            if filename != original and not (self._directory / filename).exists():
                (self._directory / filename).write_bytes(_metadata(path))
        return self._directory / filename

    def _lock_of(self, key: str) -> threading.Lock:
        with self._lock:
            return self._locks.setdefault(key, threading.Lock())

    def _fetch_page(self, name: str) -> _Page | None:
        address = f"{self._upstream}/{name}/"
        answer = self._session.get(address, headers={"Accept": _JSON}, timeout=60)
        if not answer.ok:
            return None
        page: dict[str, Any] = answer.json()
        addresses = {}
        for file in page["files"]:
            addresses[file["filename"]] = urljoin(answer.url, file["url"]).partition("#")[0]
            file["url"] = f"/files/{name}/{file['filename']}"
            # As large indexes do, also if the configured one does not (PEP 658).
            file["core-metadata"] = file["filename"].endswith(".whl")
        content = json.dumps(page).encode()
        etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        return _Page(content=content, etag=etag, addresses=addresses)


class _Handler(BaseHTTPRequestHandler):
    mirror: Mirror
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        kind, _, rest = path.strip("/").partition("/")
        name, _, filename = rest.partition("/")
        if kind == "simple" and (page := self.mirror.page(name)):
            headers = {"Content-Type": _JSON, "ETag": page.etag, "Cache-Control": _PAGE_CACHE}
            if self.headers.get("If-None-Match") == page.etag:
                self._answer(304, headers)
                return
            self.mirror.count(path)
            self._answer(200, {**headers, "Content-Length": str(len(page.content))})
            self.wfile.write(page.content)
        elif kind == "files" and (file := self.mirror.file(name, filename)):
            self.mirror.count(path)
            with file.open("rb") as stream:
                length = str(file.stat().st_size)
                self._answer(200, {"Content-Length": length, "Cache-Control": _FILE_CACHE})
                self.connection.sendfile(stream)
        else:
            self._answer(404, {"Content-Length": "0"})

    def _answer(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.end_headers()

    def handle(self) -> None:
        with suppress(ConnectionError):
            super().handle()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def _metadata(wheel: Path) -> bytes:
    """The METADATA of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        [name] = [
            each
            for each in archive.namelist()
            if each.endswith(".dist-info/METADATA") and each.count("/") == 1
        ]
        return archive.read(name)


def configured_address() -> str:
    """The address of the index that pip is configured for, or of the one that it knows itself."""
    configured = configured_index(Path.cwd()).environment.get("UV_DEFAULT_INDEX")
    if configured:
        return configured.rstrip("/")
    # No other public interface of pip tells it.
    usage = subprocess.run(
        [sys.executable, "-m", "pip", "--isolated", "download", "--help"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = re.search(r"--index-url.*?\(default\s+(\S+?)\)", usage, re.DOTALL)
    if not found:
        sys.exit("pip does not tell the address of its index; configure index-url")
    return found[1].rstrip("/")
