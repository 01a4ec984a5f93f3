"""Damaged and malicious tarballs are refused with their name."""

import os
import tarfile
from pathlib import Path

import pytest

from bootstrapper.errors import WorkFailed
from bootstrapper.ve.project import lockfile
from bootstrapper.ve.wheel import tarball
from tests.conftest import bootstrap
from tests.support.tarballs import make_tarball, member
from tests.ve.tarball.conftest import MODULE, SETUP, add, vendor


def test_built_wheel_of_another_version_is_refused(project: Path) -> None:
    add(project, version="2.0")
    run = bootstrap(project)
    assert run.returncode == 1
    assert (
        "odd-2.0.tar.gz: its build made the wheel of another: odd-1.0-py3-none-any.whl"
        in run.stderr
    )


FAULTS = {
    "climbs out": [member("odd-1.0/../../evil")],
    "absolute": [member("/tmp/evil")],
    "link that climbs out": [member("odd-1.0/link", tarfile.SYMTYPE, "../../evil")],
    "absolute link": [member("odd-1.0/link", tarfile.SYMTYPE, "/etc/passwd")],
    "hard link that climbs out": [member("odd-1.0/link", tarfile.LNKTYPE, "../evil")],
    "link to a link": [
        member("odd-1.0/one", tarfile.SYMTYPE, "."),
        member("odd-1.0/two", tarfile.SYMTYPE, "one/../.."),
    ],
    "file under a link": [member("odd-1.0/one", tarfile.SYMTYPE, ".."), member("odd-1.0/one/evil")],
    "device": [member("odd-1.0/null", tarfile.CHRTYPE)],
    "pipe": [member("odd-1.0/pipe", tarfile.FIFOTYPE)],
    "two directories": [member("odd-2.0/x")],
}


@pytest.mark.parametrize("fault", FAULTS)
def test_tarball_with_escaping_name_is_refused(tmp_path: Path, fault: str) -> None:
    path = make_tarball(tmp_path, "odd", files={}, members=FAULTS[fault])
    into = tmp_path / "deep/into"
    into.mkdir(parents=True)
    if fault == "file under a link":  # links are created last, and then there is a directory
        with pytest.raises((WorkFailed, OSError)):
            tarball.unpack(path, into, path.name)
    else:
        with pytest.raises(WorkFailed, match=r"^odd-1\.0\.tar\.gz: "):
            tarball.unpack(path, into, path.name)
    assert not list(tmp_path.rglob("evil"))[1:]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["deep", path.name]
    assert [each.name for each in into.parent.iterdir()] == ["into"]


def test_tarball_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_tarball(tmp_path, "odd", files={"zeros": "0" * 100_000})
    monkeypatch.setattr(tarball, "LARGEST_BYTES", 50_000)
    (tmp_path / "into").mkdir()
    with pytest.raises(WorkFailed, match="it unpacks to more than"):
        tarball.unpack(path, tmp_path / "into", path.name)
    assert not (tmp_path / "into/odd-1.0/zeros").exists()


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) // 2],
        lambda data: b"x" + data,
        lambda data: data[:40] + b"\0\0" + data[42:],
    ],
    ids=["truncated", "no archive", "bytes changed"],
)
def test_damaged_tarball_is_refused(project: Path, damage) -> None:  # type: ignore[no-untyped-def]
    path = make_tarball(project / lockfile.SOURCE, "odd", files={**MODULE, "setup.py": SETUP})
    path.write_bytes(damage(path.read_bytes()))
    vendor(project, path)
    run = bootstrap(project)
    assert run.returncode == 1
    assert "requirements/src/odd-1.0.tar.gz: can't be unpacked: " in run.stderr
    assert "Traceback" not in run.stderr


def test_links_of_a_tarball_are_created(tmp_path: Path) -> None:
    path = make_tarball(
        tmp_path,
        "odd",
        files={"data/a": "a"},
        members=[
            member("odd-1.0/soft", tarfile.SYMTYPE, "data/a"),
            member("odd-1.0/hard", tarfile.LNKTYPE, "odd-1.0/data/a"),
        ],
    )
    (tmp_path / "into").mkdir()
    top = tarball.unpack(path, tmp_path / "into", path.name)
    assert os.readlink(top / "soft") == "data/a"
    assert (top / "hard").read_text() == "a"
