import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.index import Index
from tests.support.wheels import make_wheel
from tests.vendor.conftest import COMPILED, MakeProject, files, vendor

REPOSITORY = Path(__file__).resolve().parents[2]
TINY = "tiny-1.0-py3-none-any.whl"
MACHINE = os.uname().machine


def cached(tmp_path: Path) -> set[str]:
    """The hashes of the files in the cache, from their bytes."""
    return {
        hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (tmp_path / "cache").rglob("*")
        if path.is_file()
    }


def test_download_with_wrong_hash_is_refused(
    index: Index, make_project: MakeProject, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = make_wheel(index.directory, "tiny")
    right = hashlib.sha256(wheel.read_bytes()).hexdigest()
    content = wheel.read_bytes()
    wrong = hashlib.sha256(bytes([content[0] ^ 1]) + content[1:]).hexdigest()
    index.corrupt.add(TINY)
    project = make_project("tiny")
    assert vendor(project) == 1
    printed = capsys.readouterr().err
    assert printed.startswith(
        f"{TINY}: 127.0.0.1 sent a file whose sha256 is {wrong}, it should be {right}\n  next: "
    )
    assert wrong not in cached(tmp_path)
    assert files(project) == []
    assert not (project / "requirements/apps.txt").exists()


def test_truncated_download_is_retried_and_discarded(
    index: Index,
    make_project: MakeProject,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("vendor_fetch.download.download.RETRY_SECONDS", 0)
    make_wheel(index.directory, "tiny")
    index.truncated.add(TINY)
    project = make_project("tiny")
    assert vendor(project) == 1
    assert index.downloads.count(TINY) == 3
    printed = capsys.readouterr().err
    assert f"{TINY}: can't be downloaded from 127.0.0.1: " in printed
    assert "next: make vendor  # when 127.0.0.1 can be reached\n" in printed
    assert not any((tmp_path / "cache").rglob("*.part"))
    assert cached(tmp_path) == set()


def test_server_error_is_retried(
    index: Index, make_project: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vendor_fetch.download.download.RETRY_SECONDS", 0)
    make_wheel(index.directory, "tiny")
    index.failing[TINY] = 2
    project = make_project("tiny")
    assert vendor(project) == 0
    assert files(project) == [TINY]


def test_index_password_is_used_and_not_shown(
    index: Index,
    make_project: MakeProject,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    make_wheel(index.directory, "tiny")
    index.login = ("user", "secret")
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    project = make_project("tiny")
    assert vendor(project, "-v") == 0
    assert files(project) == [TINY]
    make_project("tiny", "nothing-of-that-name")
    assert vendor(project, "-v") == 1
    printed = capfd.readouterr()
    assert "secret" not in printed.out + printed.err
    assert "secret" not in (project / "requirements/apps.txt").read_text()


@pytest.mark.parametrize(
    ("locked", "better"),
    [
        ("py3-none-any", COMPILED),
        (f"py3-none-manylinux_2_17_{MACHINE}", f"py3-none-manylinux_2_28_{MACHINE}"),
    ],
)
def test_locked_file_is_fetched_beside_a_better_one(
    locked: str,
    better: str,
    index: Index,
    make_project: MakeProject,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    old = make_wheel(index.directory, "tiny", tag=locked)
    project = make_project("tiny")
    assert vendor(project) == 0
    make_wheel(index.directory, "tiny", tag=better)
    (project / "requirements/src" / old.name).unlink()
    monkeypatch.setenv("VENDOR_FETCH_CACHE", str(tmp_path / "another"))
    assert vendor(project) == 0
    assert files(project) == [old.name]
    assert vendor(project, "check") == 0


def test_corrupt_cache_entry_is_fetched_again(
    index: Index, make_project: MakeProject, tmp_path: Path
) -> None:
    wheel = make_wheel(index.directory, "tiny")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    project = make_project("tiny")
    assert vendor(project) == 0
    entry = tmp_path / "cache" / digest[:2] / digest
    entry.write_bytes(b"rotten")
    (project / "requirements/src" / TINY).unlink()
    assert vendor(project) == 0
    assert index.downloads.count(TINY) == 2
    assert entry.read_bytes() == wheel.read_bytes()
    assert (project / "requirements/src" / TINY).read_bytes() == wheel.read_bytes()


def test_project_shares_no_file_with_the_cache(index: Index, make_project: MakeProject) -> None:
    make_wheel(index.directory, "tiny")
    project = make_project("tiny")
    assert vendor(project) == 0
    status = (project / "requirements/src" / TINY).stat()
    assert (status.st_nlink, status.st_mode & 0o777) == (1, 0o644)


def test_warm_cache_needs_no_index(
    index: Index, make_project: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_wheel(index.directory, "tiny")
    project = make_project("tiny")
    assert vendor(project) == 0
    index.stop()
    monkeypatch.setenv("VENDOR_FETCH_OFFLINE", "1")
    (project / "requirements/src" / TINY).unlink()
    assert vendor(project) == 0
    assert files(project) == [TINY]


def test_offline_with_empty_cache_names_missing_files(
    index: Index,
    make_project: MakeProject,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    make_wheel(index.directory, "tiny")
    project = make_project("tiny")
    assert vendor(project) == 0
    (project / "requirements/src" / TINY).unlink()
    monkeypatch.setenv("VENDOR_FETCH_CACHE", str(tmp_path / "empty"))
    monkeypatch.setenv("VENDOR_FETCH_OFFLINE", "1")
    asked = list(index.asked)
    assert vendor(project) == 1
    assert capsys.readouterr().err == (
        f"{tmp_path / 'empty'}: lacks {TINY}, and VENDOR_FETCH_OFFLINE forbids the index\n"
        "  next: env -u VENDOR_FETCH_OFFLINE make vendor\n"
    )
    assert index.asked == asked


def test_no_network_and_empty_cache_fail(
    index: Index, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    project = make_project("tiny")
    index.stop()
    assert vendor(project) == 1
    printed = capsys.readouterr().err
    assert printed.startswith("requirements/apps.in: ")
    assert "Connection refused" in printed
    assert (
        "next: make vendor  # when the index that pip or uv is configured for can be reached"
        in printed
    )
    assert not (project / "requirements/apps.txt").exists()


def test_unwritable_cache_is_named(
    index: Index,
    make_project: MakeProject,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    make_wheel(index.directory, "tiny")
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("VENDOR_FETCH_CACHE", str(tmp_path / "file"))
    assert vendor(make_project("tiny")) == 1
    printed = capsys.readouterr().err
    assert f"{tmp_path / 'file'}" in printed
    assert "Not a directory" in printed or "File exists" in printed
    assert "next: " in printed


def bare(project: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """vendor_fetch in a Python that has nothing else, as in a project's ve."""
    code = (
        f"import sys; sys.path.insert(0, {str(REPOSITORY)!r})\n"
        "from vendor_fetch.__main__ import main; sys.exit(main(sys.argv[1:]))"
    )
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, "--project", project, *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": "/nonexistent"},
    )


def test_check_needs_only_python(index: Index, make_project: MakeProject) -> None:
    make_wheel(index.directory, "tiny")
    project = make_project("tiny")
    assert vendor(project) == 0
    assert bare(project, "check").returncode == 0
    assert bare(project, "sync").stdout.startswith("Nothing to do")


def test_missing_uv_shows_how_to_install_it(index: Index, make_project: MakeProject) -> None:
    done = bare(make_project("tiny"))
    assert (done.returncode, done.stderr) == (
        1,
        "uv: not found; it resolves the requirements\n"
        f"  next: {sys.executable} -m pip install 'uv>=0.8.5'\n",
    )
