"""A repository, or an environment, that would lead git to another repository of this machine."""

import io
import tarfile
from pathlib import Path

import pytest

from tests.support.index import Index
from tests.support.repository import git
from tests.support.source_projects import commit_project
from tests.vendor.conftest import MakeProject, files, vendor


def refs(repository: Path) -> str:
    return git(repository, "for-each-ref")


def test_cache_in_a_hook_leaves_its_repository_alone(
    index: Index, make_project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit_project(tmp_path / "mylib")
    other = tmp_path / "other"
    commit_project(other, "other")
    before = refs(other)
    project = make_project(f"mylib @ git+file://{tmp_path}/mylib@main")
    assert vendor(project) == 0
    stick = tmp_path / "stick.tar"
    # As in a hook of git.
    with monkeypatch.context() as hook:
        hook.setenv("GIT_DIR", str(other / ".git"))
        hook.setenv("GIT_OBJECT_DIRECTORY", str(other / ".git/objects"))
        assert vendor(project, "cache", "export", str(stick)) == 0
        hook.setenv("VENDOR_FETCH_CACHE", str(tmp_path / "closed"))
        assert vendor(project, "cache", "import", str(stick)) == 0
    assert refs(other) == before
    [clone] = (tmp_path / "closed/git").glob("*.git")
    assert git(tmp_path / "mylib", "rev-parse", "HEAD") in refs(clone)


@pytest.mark.parametrize("allowed", ["", "file:ext:https"])
@pytest.mark.parametrize("address", ["{}", "file://{}", "ext::sh -c 'touch {}.ran'"])
def test_submodule_reaches_nothing_of_this_machine(
    allowed: str,
    address: str,
    index: Index,
    make_project: MakeProject,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    private, public = tmp_path / "private", tmp_path / "mylib"
    commit = commit_project(private, "private")
    commit_project(public)
    (public / ".gitmodules").write_text(
        f'[submodule "part"]\n\tpath = part\n\turl = {address.format(private)}\n'
    )
    git(public, "update-index", "--add", "--cacheinfo", f"160000,{commit},part")
    git(public, "add", ".gitmodules")
    git(public, "commit", "--quiet", "-m", "part")
    if allowed:
        monkeypatch.setenv("GIT_ALLOW_PROTOCOL", allowed)
    project = make_project(f"mylib @ git+file://{public}")
    assert vendor(project) == 1
    assert "not allowed" in capsys.readouterr().err
    assert files(project) == []
    assert not (tmp_path / "private.ran").exists()


def test_subdirectory_is_no_link_out_of_the_repository(
    index: Index, make_project: MakeProject, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    commit_project(tmp_path / "private", "private")
    commit_project(tmp_path / "mylib")
    (tmp_path / "mylib/part").symlink_to(tmp_path / "private")
    git(tmp_path / "mylib", "add", "part")
    git(tmp_path / "mylib", "commit", "--quiet", "-m", "part")
    project = make_project(f"git+file://{tmp_path}/mylib#subdirectory=part")
    assert vendor(project) == 2
    assert "subdirectory=part: there is no such directory" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["files/x-1.0.tar.gz", f"git/{'0' * 64}.bundle"])
def test_sparse_member_does_not_fill_the_disk(
    kind: str, make_project: MakeProject, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stick = tmp_path / "stick.tar"
    with tarfile.open(stick, "w", format=tarfile.PAX_FORMAT) as archive:
        entry = tarfile.TarInfo(kind)
        content = b"0\n"
        entry.size = len(content)
        entry.pax_headers = {
            "GNU.sparse.major": "0",
            "GNU.sparse.minor": "1",
            "GNU.sparse.size": str(1 << 30),
            "GNU.sparse.map": "0,0",
        }
        archive.addfile(entry, io.BytesIO(content))
    assert vendor(make_project(), "cache", "import", str(stick)) == 2
    assert "is of no known kind" in capsys.readouterr().err
    assert not list((tmp_path / "cache").rglob("*.tar.gz"))
