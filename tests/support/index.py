"""A package index of the tests' own, on a loopback port; and the tarballs it serves."""

import base64
import hashlib
import html
import json
import threading
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

from bootstrapper.ve.standards.filename import parse_filename
from tests.support import tarballs


def make_tarball(
    directory: Path,
    name: str,
    version: str = "1.0",
    *,
    build: Sequence[str] | None = ("flit_core>=3",),
) -> Path:
    """Write a tarball that has nothing but its metadata; with `build` None no pyproject.toml."""
    return tarballs.make_tarball(directory, name, version, files={}, build=build)


_JSON = "application/vnd.pypi.simple.v1+json"
_PROVENANCE = "application/vnd.pypi.integrity.v1+json"


class Index:
    """Serves `directory`'s wheels and tarballs as PEP 503 says, until the `with` ends.

    What goes wrong is set by the name of a file: `corrupt` ones have a byte changed, `truncated`
    ones end early, `failing` ones answer 503 so many times, `stalled` ones never go on.

    With `uploaded`, pages are JSON, with upload times (PEP 700). With `publishers`, they are JSON and
    name the provenances of these files (PEP 740); a text among them is a faulty provenance.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self.corrupt: set[str] = set()
        self.truncated: set[str] = set()
        self.failing: dict[str, int] = {}
        self.stalled: set[str] = set()
        self.reached = threading.Event()
        self.release = threading.Event()
        self.login: tuple[str, str] | None = None
        self.asked: list[str] = []
        self.reads_metadata = True
        self.uploaded: dict[str, datetime] = {}
        self.publishers: dict[str, dict[str, str] | str] = {}
        self.yanked: dict[str, str] = {}
        handler = type("Handler", (_Handler,), {"index": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = False
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )

    @property
    def url(self) -> str:
        login = f"{self.login[0]}:{self.login[1]}@" if self.login else ""
        return f"http://{login}127.0.0.1:{self._server.server_port}/simple/"

    @property
    def host(self) -> str:
        """The address without the path and the login."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def provenance(self, name: str) -> bytes:
        """The provenance of a file."""
        publisher = self.publishers[name]
        if isinstance(publisher, str):
            return publisher.encode()
        bundle = {"publisher": publisher, "attestations": [{"version": 1}]}
        return json.dumps({"version": 1, "attestation_bundles": [bundle]}).encode()

    @property
    def downloads(self) -> list[str]:
        """The files that were asked for, in order."""
        return [
            path.rpartition("/")[2]
            for path in self.asked
            if path.startswith("/files/") and not path.endswith(".metadata")
        ]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        if self._thread.is_alive():
            self.release.set()
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()

    def _required_python(self, path: Path) -> str:
        """The attribute of PEP 503, as from an index that reads the metadata of its files."""
        if self.reads_metadata and path.suffix == ".whl":
            for line in metadata(path).decode(errors="replace").splitlines():
                if line.startswith("Requires-Python: "):
                    return f' data-requires-python="{html.escape(line.partition(": ")[2])}"'
        return ""

    def _yanked(self, path: Path) -> str:
        """The attribute of PEP 592, with the reason."""
        reason = self.yanked.get(path.name)
        return "" if reason is None else f' data-yanked="{html.escape(reason)}"'

    def json_page(self, name: str) -> bytes | None:
        """The page with the times of `uploaded`, as PEP 691 and PEP 700 say."""
        paths = [
            path
            for path in sorted(self.directory.iterdir())
            if parse_filename(path.name).name == name
        ]
        files = [
            {
                "filename": path.name,
                "url": f"/files/{path.name}",
                "hashes": {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()},
                "size": path.stat().st_size,
                "core-metadata": path.suffix == ".whl",
                **(
                    {"upload-time": self.uploaded[path.name].isoformat().replace("+00:00", "Z")}
                    if path.name in self.uploaded
                    else {}
                ),
                **(
                    {"provenance": f"{self.host}/integrity/{path.name}"}
                    if path.name in self.publishers
                    else {}
                ),
            }
            for path in paths
        ]
        versions = sorted({parse_filename(path.name).version for path in paths})
        page = {"meta": {"api-version": "1.1"}, "name": name, "versions": versions, "files": files}
        return json.dumps(page).encode() if paths else None

    def page(self, name: str) -> bytes | None:
        # PEP 658: a resolver reads a wheel's metadata without the wheel, as from a real index.
        links = [
            f'<a href="/files/{path.name}#sha256='
            f'{hashlib.sha256(path.read_bytes()).hexdigest()}"'
            f"{' data-core-metadata=true' if path.suffix == '.whl' else ''}"
            f"{self._required_python(path)}{self._yanked(path)}>"
            f"{path.name}</a><br>"
            for path in sorted(self.directory.iterdir())
            if parse_filename(path.name).name == name
        ]
        return (
            f"<!DOCTYPE html><html><body>{''.join(links)}</body></html>".encode() if links else None
        )


def metadata(wheel: Path) -> bytes:
    with zipfile.ZipFile(wheel) as archive:
        return next(
            archive.read(name)
            for name in archive.namelist()
            if name.endswith(".dist-info/METADATA")
        )


class _Handler(BaseHTTPRequestHandler):
    index: Index
    protocol_version = "HTTP/1.1"
    timeout = 60  # seconds: stop() waits for a client that is still connected no longer than this

    def do_GET(self) -> None:
        index = self.index
        index.asked.append(self.path)
        if index.login:
            expected = base64.b64encode(":".join(index.login).encode()).decode()
            if self.headers.get("Authorization") != f"Basic {expected}":
                self._answer(401, b"", {"WWW-Authenticate": 'Basic realm="tests"'})
                return
        kind, _, name = self.path.strip("/").partition("/")
        if kind == "integrity":
            self._answer(200, index.provenance(name), {"Content-Type": _PROVENANCE})
            return
        if kind == "simple" and (index.uploaded or index.publishers):
            page = index.json_page(name)
            self._answer(200 if page else 404, page or b"", {"Content-Type": _JSON})
            return
        if kind == "simple":
            page = index.page(name)
            self._answer(200 if page else 404, page or b"", {"Content-Type": "text/html"})
            return
        path = index.directory / name
        if name.endswith(".metadata"):
            self._answer(200, metadata(path.with_suffix("")), {})
        elif index.failing.get(name, 0) > 0:
            index.failing[name] -= 1
            self._answer(503, b"", {})
        elif not path.is_file():
            self._answer(404, b"", {})
        else:
            self._send(name, path.read_bytes())

    def _send(self, name: str, content: bytes) -> None:
        index = self.index
        if name in index.corrupt:
            content = bytes([content[0] ^ 1]) + content[1:]
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if name in index.stalled:
            self.wfile.write(content[:10])
            self.wfile.flush()
            index.reached.set()
            index.release.wait(60)
            self.close_connection = True
        elif name in index.truncated:
            self.wfile.write(content[: len(content) // 2])
            self.close_connection = True
        else:
            self.wfile.write(content)

    def _answer(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def handle(self) -> None:
        # The client went away, which some tests make it do.
        with suppress(ConnectionError):
            super().handle()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass
