"""Another user of the machine can't change what vendoring takes from the cache."""

import os
import stat
from pathlib import Path

import pytest

from bootstrapper.errors import WorkFailed
from tests.support.index import Index, make_tarball
from tests.support.source_projects import commit_project
from tests.vendor.conftest import MakeProject, vendor
from vendor_fetch.environment import set_up
from vendor_fetch.private_directory import require_private


def writable(directory: Path) -> list[Path]:
    """The directories that other users can change."""
    every = (directory, *directory.rglob("*"))
    return [path for path in every if path.is_dir() and path.stat().st_mode & 0o022]


@pytest.mark.parametrize("before", ["missing", "open"])
def test_umask_opens_no_directory_of_the_cache(
    before: str,
    index: Index,
    make_project: MakeProject,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cache = tmp_path / "cache"
    make_tarball(index.directory, "code")
    commit_project(tmp_path / "mylib")
    # git comes first: the reference is followed before anything is resolved.
    project = make_project("code", f"mylib @ git+file://{tmp_path}/mylib@main")
    umask = os.umask(0)
    try:
        if before == "open":
            cache.mkdir(mode=0o777)
        assert vendor(project) == 0
        assert vendor(project, "cache", "export", str(tmp_path / "stick.tar")) == 0
        monkeypatch.setenv("VENDOR_FETCH_CACHE", str(tmp_path / "closed"))
        assert vendor(project, "cache", "import", str(tmp_path / "stick.tar")) == 0
    finally:
        os.umask(umask)
    for directory in (cache, tmp_path / "closed"):
        found = [
            path
            for path in (directory, *directory.glob("*"), *directory.glob("git/*.git"))
            if path in writable(directory)
        ]
        assert found == []


@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to be another user")
def test_cache_of_another_user_is_refused(
    index: Index, make_project: MakeProject, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cache").mkdir()
    os.chown(tmp_path / "cache", 4242, 4242)
    assert vendor(make_project()) == 1
    printed = capsys.readouterr().err
    assert printed.startswith(f"{tmp_path}/cache: belongs to another user")
    assert 'next: env VENDOR_FETCH_CACHE="$(mktemp -d)" ' in printed


def test_shared_directory_keeps_its_mode(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    with pytest.raises(WorkFailed, match="is shared with another user"):
        require_private(shared)
    assert stat.S_IMODE(shared.stat().st_mode) == 0o1777


def test_linked_tools_directory_is_not_emptied(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own/letter").write_text("keep")
    (tmp_path / ".tools").symlink_to("own")
    with pytest.raises(WorkFailed, match="is a link to another directory"):
        set_up(tmp_path / ".tools", tmp_path / "cache/tools")
    assert (tmp_path / "own/letter").read_text() == "keep"
