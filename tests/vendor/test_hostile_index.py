"""An index that names the files of a package so that they would harm others."""

import gzip
import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from bootstrapper.address import without_passwords
from bootstrapper.ve.project.lockfile import APPS
from bootstrapper.ve.standards.filename import InvalidFilename, parse_filename
from tests.support.index import Index
from tests.support.wheels import make_wheel
from tests.vendor.conftest import MakeProject, files, vendor
from vendor_fetch.download.request import body
from vendor_fetch.index.credentials import credentials
from vendor_fetch.index.index import Index as ConfiguredIndex


class HostileIndex:
    """Has one wheel of `tiny`, whose address ends with `name`, and whose size it says is `size`.

    With an `address`, its page names this one. With a `bomb`, its page is this gzip stream.
    """

    address = ""
    bomb = b""

    def __init__(self, wheel: Path) -> None:
        self.wheel, self.name = wheel, wheel.name
        self.size = wheel.stat().st_size
        handler = type("Handler", (_Handler,), {"hostile": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def page(self) -> bytes:
        digest = hashlib.sha256(self.wheel.read_bytes()).hexdigest()
        entry = {
            "filename": self.wheel.name,
            "url": self.address or f"{self.url}/files/{self.name}",
            "hashes": {"sha256": digest},
            "size": self.size,
            "core-metadata": True,
        }
        page = {"meta": {"api-version": "1.1"}, "name": "tiny", "files": [entry]}
        return json.dumps(page).encode()


class _Handler(BaseHTTPRequestHandler):
    hostile: HostileIndex

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        kind, content = "application/octet-stream", self.hostile.wheel.read_bytes()
        if self.path.startswith("/simple/"):
            kind, content = "application/vnd.pypi.simple.v1+json", self.hostile.page()
        elif self.path.endswith(".metadata"):
            content = b"Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n"
        found = not self.path.startswith("/simple/") or self.path == "/simple/tiny/"
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", kind)
        if self.hostile.bomb and self.path.startswith("/simple/"):
            content = self.hostile.bomb
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def hostile(
    tmp_path: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> Iterator[HostileIndex]:
    """An extra index beside the usual one."""
    made = HostileIndex(make_wheel(tmp_path / "hostile", "tiny"))
    thread = threading.Thread(target=made.server.serve_forever, args=(0.01,))
    thread.start()
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", f"{made.url}/simple/")
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.mark.parametrize(
    "name",
    [
        "django-5.0-py3-none-any.whl",
        "tiny-1.0%0A%23x-py3-none-any.whl",
        "tiny-1.0%1b[31m-py3-none-any.whl",
        "tiny-1.0%20;x-py3-none-any.whl",
        "..%2f..%2ftiny",
    ],
)
def test_address_of_a_file_does_not_name_another(
    name: str,
    hostile: HostileIndex,
    index: Index,
    make_project: MakeProject,
    capsys: pytest.CaptureFixture[str],
) -> None:
    django = make_wheel(index.directory, "django", "5.0")
    hostile.name = name
    project = make_project("tiny", "django")
    status = vendor(project, "-v")
    printed = capsys.readouterr()
    assert "\x1b" not in printed.out + printed.err
    vendored = project / "requirements/src" / django.name
    if vendored.exists():
        assert vendored.read_bytes() == django.read_bytes()
    if status == 0:
        assert files(project) == ["django-5.0-py3-none-any.whl", "tiny-1.0-py3-none-any.whl"]
    else:
        assert status == 2
        assert files(project) == []
        assert not (project / APPS).exists()


def test_file_longer_than_its_page_says_is_refused(
    hostile: HostileIndex, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    hostile.size -= 1
    assert vendor(make_project("tiny")) == 1
    assert f"127.0.0.1 sends more than {hostile.size} bytes" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name",
    [
        "tiny-1.0\n-py3-none-any.whl",
        "tiny-1.0 ; x-py3-none-any.whl",
        "tiny-1.0\x1b[31m.tar.gz",
        "tiny-1.0\u2028x.tar.gz",
        "tiny-1#0.tar.gz",
    ],
)
def test_filename_has_no_end_of_a_line(name: str) -> None:
    with pytest.raises(InvalidFilename):
        parse_filename(name)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("at https://user:p@ss@index.example.org/x", "at https://…@index.example.org/x"),
        ("https://git:s3cret@git.example.org", "https://…@git.example.org"),
        ("ssh://git@git.example.org/x.git", "ssh://git@git.example.org/x.git"),
        ("https://git@s3cret@git.example.org/x", "https://…@git.example.org/x"),
    ],
)
def test_password_with_an_at_sign_is_not_shown(text: str, shown: str) -> None:
    assert without_passwords(text) == shown


@pytest.mark.parametrize("name", ["PIP_PROXY", "PIP_INDEX_URL", "UV_INDEX"])
@pytest.mark.parametrize("scheme", ["", "https://"])
def test_password_in_a_wrong_setting_is_not_shown(
    name: str,
    scheme: str,
    make_project: MakeProject,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(name, f"{scheme}me:s3c@ret@index.example.org:port")
    assert vendor(make_project("tiny"), "-v") == 2
    printed = capsys.readouterr()
    assert f"'{scheme}…@index.example.org:port' is " in printed.err
    assert "s3c" not in printed.out + printed.err


@pytest.mark.parametrize(
    ("index_url", "address", "is_sent"),
    [
        ("https://me:s3cret@index.example.org/simple/", "https://index.example.org/x.whl", True),
        ("https://me:s3cret@index.example.org/simple/", "https://index.example.org:443/x", True),
        ("http://me:s3cret@index.example.org/simple/", "https://index.example.org/x.whl", True),
        ("https://me:s3cret@index.example.org/simple/", "http://index.example.org/x.whl", False),
        ("https://me:s3cret@index.example.org/simple/", "https://index.example.org:8443/x", False),
        ("https://me:s3cret@index.example.org:8443/", "https://index.example.org/x.whl", False),
        ("https://me:s3cret@index.example.org/simple/", "https://files.example.org/x", False),
        ("https://me:s3cret@index.example.org/simple/", "https://index.example.org:x/", False),
    ],
)
def test_password_goes_to_its_own_service(index_url: str, address: str, *, is_sent: bool) -> None:
    found = ConfiguredIndex(credentials=credentials([index_url]))
    assert found.login(address) == (("me", "s3cret") if is_sent else None)


@pytest.mark.parametrize("before", ["file://", "FILE://", "file://localhost", "file:///../.."])
def test_index_names_no_file_of_this_machine(
    before: str,
    hostile: HostileIndex,
    make_project: MakeProject,
    capsys: pytest.CaptureFixture[str],
) -> None:
    hostile.address = f"{before}{hostile.wheel}"
    project = make_project("tiny")
    assert vendor(project) == 1
    assert "an index of a network must not name a file of this machine" in capsys.readouterr().err
    assert files(project) == []


def test_index_names_no_file_beside_find_links(
    hostile: HostileIndex,
    make_project: MakeProject,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    links = hostile.wheel.parent / "links"
    links.mkdir()
    monkeypatch.setenv("PIP_FIND_LINKS", str(links))
    hostile.address = f"{links.as_uri()}/../{hostile.wheel.name}"
    assert vendor(make_project("tiny")) == 1
    assert "a file of this machine" in capsys.readouterr().err


@pytest.mark.parametrize("scheme", ["ftp", "git+file", "ssh"])
def test_index_names_no_other_kind_of_address(
    scheme: str,
    hostile: HostileIndex,
    make_project: MakeProject,
    capsys: pytest.CaptureFixture[str],
) -> None:
    hostile.address = f"{scheme}://127.0.0.1/{hostile.wheel.name}"
    assert vendor(make_project("tiny")) == 1
    error = capsys.readouterr().err
    assert f"the index names {hostile.address} for a file; only addresses of http" in error


def test_bomb_of_a_page_takes_bounded_memory(
    hostile: HostileIndex,
    make_project: MakeProject,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("vendor_fetch.resolve.memory.limit", lambda: 1 << 29)
    hostile.bomb = gzip.compress(b" " * (1 << 30), 1)
    project = make_project("tiny")
    assert vendor(project) == 1
    assert "the index: uv needs more than" in capsys.readouterr().err
    assert files(project) == []


def test_page_is_unpacked_in_small_pieces(hostile: HostileIndex) -> None:
    hostile.bomb = gzip.compress(b" " * (1 << 26))
    with requests.get(f"{hostile.url}/simple/tiny/", stream=True, timeout=10) as response:
        pieces = [len(piece) for piece in body(response)]
    assert sum(pieces) == 1 << 26
    assert max(pieces) <= 1 << 18


@pytest.mark.parametrize("cut", [1, 100])
def test_page_that_ends_in_the_middle_is_noticed(cut: int, hostile: HostileIndex) -> None:
    hostile.bomb = gzip.compress(bytes(range(256)) * 100)[:-cut]
    with (
        requests.get(f"{hostile.url}/simple/tiny/", stream=True, timeout=10) as response,
        pytest.raises(requests.RequestException, match="ends in the middle"),
    ):
        list(body(response))


def test_local_index_beside_one_of_a_network_names_local_files(
    hostile: HostileIndex,
    tmp_path: Path,
    make_project: MakeProject,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = make_wheel(tmp_path / "local/files", "other")
    page = tmp_path / "local/simple/other/index.html"
    page.parent.mkdir(parents=True)
    page.write_text(f'<a href="../../files/{made.name}">{made.name}</a>')
    addresses = f"{hostile.url}/simple/ {page.parents[1].as_uri()}"
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", addresses)
    assert vendor(make_project("other")) == 0
