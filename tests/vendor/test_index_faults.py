"""A real index server behind a proxy with faults: the project is as before, or as after."""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.faulty_proxy import Fault, Proxy, pypiserver
from tests.support.wheels import make_wheel
from tests.vendor.conftest import MakeProject, files, snapshot, vendor
from tests.vendor.test_targets import targets

OLD, NEW, MORE = (f"{name}-py3-none-any.whl" for name in ("tiny-1.0", "tiny-2.0", "more-1.0"))
PAGE, FILE = r"/simple/tiny/", r"/packages/tiny-2"
USER, PASSWORD = "anna", "s3cr3t"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    directory = tmp_path_factory.mktemp("packages")
    for name in ("virtualenv", "pip"):
        make_wheel(directory, name, "80.0")
    make_wheel(directory, "more")
    for version in ("1.0", "2.0"):
        # Large enough for a connection that ends in the middle.
        make_wheel(directory, "tiny", version, files={"tiny.py": os.urandom(40_000).hex()})
    with pypiserver(directory) as port:
        yield port


@pytest.fixture
def proxy(server: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Proxy]:
    monkeypatch.setattr("vendor_fetch.download.download.RETRY_SECONDS", 0)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
    with Proxy(server) as running:
        monkeypatch.setenv("PIP_INDEX_URL", running.url)
        yield running


@pytest.fixture
def project(proxy: Proxy, make_project: MakeProject, tmp_path: Path) -> Path:
    """A project that is in sync, and then asks for more: tiny 2.0 and another package."""
    made = make_project("tiny<2")
    assert vendor(made) == 0
    assert files(made) == [OLD]
    make_project("tiny>=2", "more")
    proxy.requests.clear()
    return made


def syncs(project: Path) -> None:
    assert vendor(project) == 0
    assert files(project) == [MORE, NEW]
    assert vendor(project, "check") == 0


def fails(project: Path, capfd: pytest.CaptureFixture[str]) -> str:
    """Sync. Return the message, which has a place, a fault and what to do next."""
    before = snapshot(project)
    capfd.readouterr()
    assert vendor(project) == 1
    assert snapshot(project) == before
    message = capfd.readouterr().err
    assert re.fullmatch(r"\S.*: \S(.|\n)*\n  next: \S.*\n", message), message
    assert "Traceback" not in message
    return message


def test_slow_server_is_waited_for(proxy: Proxy, project: Path) -> None:
    proxy.faults.append(Fault(path="", slow=0.02))
    syncs(project)


@pytest.mark.parametrize("path", [PAGE, FILE])
@pytest.mark.parametrize("status", [500, 503])
def test_server_error_is_retried(
    path: str, status: int, proxy: Proxy, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UV_HTTP_RETRIES")
    proxy.faults.append(Fault(path=path, times=1, status=status))
    syncs(project)


@pytest.mark.parametrize("path", [PAGE, FILE])
def test_server_error_for_ever_is_an_error(
    path: str, proxy: Proxy, project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    proxy.faults.append(Fault(path=path, status=500))
    message = fails(project, capfd)
    assert "500 Internal Server Error" in message
    proxy.faults.clear()
    syncs(project)


@pytest.mark.parametrize("path", [PAGE, FILE])
def test_truncated_answer_is_an_error(
    path: str, proxy: Proxy, project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    proxy.faults.append(Fault(path=path, truncated=True))
    fails(project, capfd)
    proxy.faults.clear()
    syncs(project)


def test_file_with_a_wrong_hash_is_refused(
    proxy: Proxy, project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    proxy.faults.append(Fault(path=FILE, corrupt=True))
    message = fails(project, capfd)
    assert message.startswith(f"{NEW}: 127.0.0.1 sent a file whose sha256 is ")
    proxy.faults.clear()
    syncs(project)


def test_index_that_dies_in_the_middle_is_an_error(
    proxy: Proxy, project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """It dies a little later each time, and is well again at last."""
    for number in range(1, 12):
        proxy.faults[:] = [Fault(path="", times=number), Fault(path="", dead=True)]
        before = snapshot(project)
        if vendor(project) == 0:
            break
        assert snapshot(project) == before
        assert "next: " in capfd.readouterr().err
    assert files(project) == [MORE, NEW]
    assert number > 2


def test_credentials_do_not_follow_to_another_host(
    server: int, proxy: Proxy, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy.login = (USER, PASSWORD)
    monkeypatch.setenv("PIP_INDEX_URL", proxy.url_with(USER, PASSWORD))
    with Proxy(server, host="localhost") as other:
        proxy.faults.append(Fault(path="/packages/", redirect=other.url.removesuffix("/simple/")))
        syncs(project)
        assert any(each.path.endswith(NEW) for each in other.requests)
        assert {each.authorization for each in other.requests} == {None}


@pytest.mark.parametrize("several", [False, True], ids=["one target", "several"])
@pytest.mark.parametrize("source", ["address", "netrc", "pip keyring", "uv keyring", "uv name"])
def test_credentials_are_found(
    source: str,
    several: bool,
    proxy: Proxy,
    project: Path,
    make_project: MakeProject,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    if several:
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        pairs = [(python, "linux-x86_64"), (python, "macos-arm64")]
        make_project("tiny>=2", "more", settings=targets(*pairs))
    proxy.login = (USER, PASSWORD)
    _offer(source, proxy, monkeypatch, tmp_path)
    syncs(project)
    assert any(each.path.endswith(NEW) for each in proxy.requests)
    printed = capfd.readouterr()
    assert PASSWORD not in printed.out + printed.err


def _offer(source: str, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    if source == "address":
        monkeypatch.setenv("PIP_INDEX_URL", proxy.url_with(USER, PASSWORD))
    elif source == "netrc":
        netrc = home / ".netrc"
        netrc.write_text(f"machine 127.0.0.1 login {USER} password {PASSWORD}\n")
        netrc.chmod(0o600)
        monkeypatch.setenv("NETRC", str(netrc))
    elif source == "uv name":
        monkeypatch.delenv("PIP_INDEX_URL")
        monkeypatch.setenv("UV_INDEX_OUR_OWN_USERNAME", USER)
        monkeypatch.setenv("UV_INDEX_OUR_OWN_PASSWORD", PASSWORD)
        (home / ".config/uv").mkdir(parents=True)
        (home / ".config/uv/uv.toml").write_text(
            f'[[index]]\nname = "our-own"\nurl = "{proxy.url}"\ndefault = true\n'
        )
    else:
        program = tmp_path / "bin/keyring"
        program.parent.mkdir()
        program.write_text(
            f'#!/bin/sh\ncase "$2 $3" in *127.0.0.1*" {USER}") echo {PASSWORD};; *) exit 1;; esac\n'
        )
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
        if source == "pip keyring":
            monkeypatch.setenv("PIP_INDEX_URL", proxy.url_with(USER))
            monkeypatch.setenv("PIP_KEYRING_PROVIDER", "subprocess")
        else:
            monkeypatch.delenv("PIP_INDEX_URL")
            monkeypatch.setenv("UV_DEFAULT_INDEX", proxy.url_with(USER))
            monkeypatch.setenv("UV_KEYRING_PROVIDER", "subprocess")


@pytest.mark.parametrize("given", ["none", "wrong"])
def test_missing_credentials_are_an_error_without_a_password(
    given: str,
    proxy: Proxy,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    proxy.login = (USER, PASSWORD)
    if given == "wrong":
        monkeypatch.setenv("PIP_INDEX_URL", proxy.url_with(USER, "wr0ng"))
    message = fails(project, capfd)
    assert "wr0ng" not in message
    assert "401 Unauthorized" in message


def test_cooldown_without_upload_times_is_one_plain_line(
    project: Path, make_project: MakeProject, capfd: pytest.CaptureFixture[str]
) -> None:
    make_project("tiny>=2", "more", settings='cooldown = "7 days"')
    syncs(project)
    printed = capfd.readouterr()
    notes = [line for line in printed.out.splitlines() if "uploaded" in line]
    assert notes == [
        "note: the index does not tell when some versions were uploaded, so they are taken however "
        "new they are (see cooldown in pyproject.toml)"
    ]
    assert "unsatisfiable" not in printed.out + printed.err
