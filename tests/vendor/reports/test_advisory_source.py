"""`audit` downloads the advisories of the project's setting if they changed, and never guesses."""

import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

import pytest

from tests.support.advisories import osv, write_zip
from tests.vendor.reports.conftest import Vendored


class Server:
    """Serves one file with an ETag or a time; `truncated` and `status` are its faults."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.etag = '"1"'
        self.time = ""
        self.status = 200
        self.truncated = False
        self.asked: list[dict[str, str]] = []
        handler = type("Handler", (_Handler,), {"served": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/all.zip"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    served: Server

    def do_GET(self) -> None:
        served = self.served
        served.asked.append(dict(self.headers))
        known = (self.headers.get("If-None-Match"), self.headers.get("If-Modified-Since"))
        unchanged = {served.etag, served.time} - {""} & set(known)
        status = 304 if served.status == 200 and unchanged else served.status
        content = served.path.read_bytes() if status == 200 else b""
        self.send_response(status)
        if served.etag:
            self.send_header("ETag", served.etag)
        if served.time:
            self.send_header("Last-Modified", served.time)
        if status != 304:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        with suppress(ConnectionError):
            self.wfile.write(content[: len(content) // 2] if served.truncated else content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(write_zip(tmp_path / "all.zip", [osv("X-1", "other", "0-")])) as running:
        yield running


@pytest.fixture
def tiny(vendored: Vendored, server: Server) -> Vendored:
    """The project has tiny, and the server's address in its settings."""
    vendored.wheel()
    vendored.lock()
    vendored.settings(f'advisories = "{server.url}"')
    return vendored


def test_advisories_are_downloaded_once(tiny: Vendored, server: Server) -> None:
    assert tiny.run("audit") == 0
    assert tiny.run("audit") == 0
    assert ["If-None-Match" in asked for asked in server.asked] == [False, True]
    write_zip(server.path, [osv("X-1", "tiny", "0-")])
    server.etag = '"2"'
    assert tiny.run("audit") == 1


def test_time_of_the_file_is_enough(tiny: Vendored, server: Server) -> None:
    server.etag, server.time = "", "Thu, 01 Jan 2026 00:00:00 GMT"
    assert tiny.run("audit") == 0
    write_zip(server.path, [osv("X-1", "tiny", "0-")])
    assert tiny.run("audit") == 0  # the server says that nothing changed
    assert server.asked[1]["If-Modified-Since"] == server.time
    server.time = "Fri, 02 Jan 2026 00:00:00 GMT"
    assert tiny.run("audit") == 1


def test_server_without_either_sends_the_file_again(tiny: Vendored, server: Server) -> None:
    server.etag = ""
    assert tiny.run("audit") == 0
    write_zip(server.path, [osv("X-1", "tiny", "0-")])
    assert tiny.run("audit") == 1


def test_lost_copy_is_downloaded_again(tiny: Vendored, server: Server) -> None:
    assert tiny.run("audit") == 0
    directory = Path(os.environ["VENDOR_FETCH_CACHE"]) / "advisories"
    [copy] = directory.glob("*.zip")
    copy.unlink()
    assert tiny.run("audit") == 0
    [answers] = directory.glob("*.json")
    for damaged in ("no json", "[]", '{"ETag": 7}'):
        answers.write_text(damaged)
        assert tiny.run("audit") == 0
    assert not any("If-None-Match" in asked for asked in server.asked)


def test_truncated_download_is_an_error_and_keeps_the_copy(
    tiny: Vendored, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tiny.run("audit") == 0
    server.etag, server.truncated = '"2"', True
    capsys.readouterr()
    assert tiny.run("audit") == 2
    output = capsys.readouterr()
    assert output.out == "" and output.err.startswith(f"{server.url}: can't be read: ")
    server.truncated = False
    assert tiny.run("audit") == 0


@pytest.mark.parametrize("status", [404, 500, 403])
def test_refused_download_is_an_error(
    status: int, tiny: Vendored, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    server.status = status
    assert tiny.run("audit") == 2
    error = capsys.readouterr().err
    assert f"can't be read: {status} " in error
    assert (
        "\n  next: ve/bin/python -m vendor_fetch audit --advisories all.zip  # a file from" in error
    )


def test_page_instead_of_a_zip_file_is_an_error(tiny: Vendored, server: Server) -> None:
    server.path.write_text("<html>log in first</html>")
    assert tiny.run("audit") == 2


def test_server_that_is_down_is_an_error_that_names_the_copy(
    tiny: Vendored, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tiny.run("audit") == 0
    server.stop()
    capsys.readouterr()
    assert tiny.run("audit") == 2
    error = capsys.readouterr().err
    [copy] = (Path(os.environ["VENDOR_FETCH_CACHE"]) / "advisories").glob("*.zip")
    assert f"  next: ve/bin/python -m vendor_fetch audit --advisories {copy}  # " in error
    assert tiny.run("audit", "--advisories", str(copy)) == 0


def test_offline_is_an_error(
    tiny: Vendored,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("VENDOR_FETCH_OFFLINE", "1")
    assert tiny.run("audit") == 2
    assert "VENDOR_FETCH_OFFLINE forbids it" in capsys.readouterr().err
    assert server.asked == []


def test_project_without_the_setting_is_an_error(
    vendored: Vendored, capsys: pytest.CaptureFixture[str]
) -> None:
    assert vendored.run("audit") == 2
    error = capsys.readouterr().err
    assert error.startswith("audit: no advisories: neither --advisories nor the setting")
    assert "\n  next: ve/bin/python -m vendor_fetch audit --advisories all.zip  # or write" in error


def test_setting_can_be_a_path(
    vendored: Vendored, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    vendored.wheel()
    vendored.lock()
    write_zip(vendored.directory / "all.zip", [osv("X-1", "tiny", "0-")])
    vendored.settings('advisories = "all.zip"')
    monkeypatch.setenv("VENDOR_FETCH_OFFLINE", "1")
    assert vendored.run("audit") == 1
    vendored.settings('advisories = "gone.zip"')
    assert vendored.run("audit") == 2
    assert "gone.zip: there is no such file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("setting", "fault"),
    [
        ('"ftp://example.org/all.zip"', "'ftp://example.org/all.zip' is neither an address nor"),
        ("7", "7 is not an address or a path"),
        ('"ftp://ann:secret@example.org/a"', "'ftp://…@example.org/a' is neither"),
    ],
)
def test_wrong_setting_is_an_error(
    setting: str, fault: str, vendored: Vendored, capsys: pytest.CaptureFixture[str]
) -> None:
    vendored.settings(f"advisories = {setting}")
    assert vendored.run("audit") == 2
    assert f"pyproject.toml:6: advisories: {fault}" in capsys.readouterr().err


def test_password_of_an_address_is_not_printed(
    tiny: Vendored, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny.settings(f'advisories = "{server.url.replace("//", "//ann:secret@")}"')
    server.status = 500
    assert tiny.run("audit") == 2
    assert "secret" not in "".join(capsys.readouterr())
    server.status = 200
    assert tiny.run("audit") == 0
    assert "secret" not in "".join(capsys.readouterr())
