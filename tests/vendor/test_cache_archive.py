"""The cache travels on a stick to a machine without a network."""

import io
import shutil
import tarfile
from pathlib import Path

import pytest

from bootstrapper.ve.project.lockfile import APPS
from tests.support.index import Index, make_tarball
from tests.support.source_projects import commit_project
from tests.support.wheels import make_wheel
from tests.vendor.conftest import MakeProject, files, snapshot, vendor


@pytest.fixture
def stick(
    index: Index, make_project: MakeProject, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Path:
    """The file that a machine with a network has written for a project."""
    for version in ("1.0", "2.0"):
        make_wheel(index.directory, "tiny", version, requires=["helper"])
    make_wheel(index.directory, "helper")
    make_tarball(index.directory, "code")
    commit_project(tmp_path / "mylib")
    project = make_project("tiny", "code", f"mylib @ git+file://{tmp_path}/mylib@main")
    assert vendor(project) == 0
    written = tmp_path / "stick.tar"
    capsys.readouterr()
    assert vendor(project, "cache", "export", str(written)) == 0
    assert "    7 vendored files\n" in capsys.readouterr().out
    return written


@pytest.fixture
def closed(tmp_path: Path, stick: Path, index: Index, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache of another machine, which reaches neither the index nor the repository."""
    index.stop()
    shutil.rmtree(tmp_path / "mylib")
    monkeypatch.setenv("VENDOR_FETCH_CACHE", str(tmp_path / "closed"))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "closed uv"))
    monkeypatch.setenv("VENDOR_FETCH_OFFLINE", "1")
    return tmp_path / "closed"


def test_imported_cache_vendors_the_same_files(
    stick: Path, closed: Path, make_project: MakeProject, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    before = files(project), (project / APPS).read_bytes()
    shutil.rmtree(project / "requirements/src")
    assert vendor(project) == 1
    assert vendor(project, "cache", "import", str(stick)) == 0
    assert vendor(project) == 0
    assert (files(project), (project / APPS).read_bytes()) == before


def test_new_project_is_vendored_from_the_imported_cache(
    stick: Path, closed: Path, make_project: MakeProject, tmp_path: Path
) -> None:
    shutil.rmtree(tmp_path / "project")
    project = make_project("tiny", f"mylib @ git+file://{tmp_path}/mylib@main")
    assert vendor(project, "cache", "import", str(stick)) == 0
    assert vendor(project) == 0
    assert files(project) == [
        "helper-1.0-py3-none-any.whl",
        "mylib-1.0.tar.gz",
        "tiny-2.0-py3-none-any.whl",
    ]
    assert vendor(project, "add", "code") == 0
    assert vendor(project, "check") == 0
    before = snapshot(project)
    assert vendor(project, "add", "nowhere") == 1
    assert snapshot(project) == before


def test_second_import_and_all_projects(
    stick: Path, tmp_path: Path, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "project"
    assert vendor(project, "cache", "import", str(stick)) == 0
    make_project("helper")
    assert vendor(project) == 0
    capsys.readouterr()
    assert vendor(project, "cache", "export", str(stick)) == 0
    assert "    3 vendored files\n" in capsys.readouterr().out
    assert vendor(project, "cache", "export", "--all", str(stick)) == 0
    assert "    7 vendored files\n" in capsys.readouterr().out


def tar(path: Path, *members: tuple[str, bytes, bytes]) -> Path:
    """Write a tar archive of (name, type, content)."""
    with tarfile.open(path, "w") as archive:
        for name, kind, content in members:
            entry = tarfile.TarInfo(name)
            entry.type, entry.size = kind, len(content)
            entry.linkname = "/etc/passwd" if kind == tarfile.SYMTYPE else ""
            archive.addfile(entry, io.BytesIO(content))
    return path


@pytest.mark.parametrize(
    "members",
    [
        [("../evil", tarfile.REGTYPE, b"x")],
        [("files/../../evil-1.0.tar.gz", tarfile.REGTYPE, b"x")],
        [("/files/evil-1.0.tar.gz", tarfile.REGTYPE, b"x")],
        [("files/evil-1.0.tar.gz", tarfile.SYMTYPE, b"")],
        [("tools/../evil-1.0.tar.gz", tarfile.REGTYPE, b"x")],
        [("records/../../x.json", tarfile.REGTYPE, b"{}")],
        [("git/" + "0" * 64 + ".bundle", tarfile.REGTYPE, b"no bundle")],
        [("git/config", tarfile.REGTYPE, b"[core]")],
        [],
    ],
)
def test_foreign_archive_is_refused(
    members: list[tuple[str, bytes, bytes]],
    index: Index,
    make_project: MakeProject,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    project = make_project()
    foreign = tar(tmp_path / "foreign.tar", *members)
    assert vendor(project, "cache", "import", str(foreign)) == 2
    assert capsys.readouterr().err.startswith(f"{foreign}: ")
    assert not list(tmp_path.rglob("*evil*"))


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5])
def test_stick_that_ends_early_leaves_whole_files(
    share: float, stick: Path, closed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = stick.read_bytes()
    stick.write_bytes(content[: int(len(content) * share)])
    assert vendor(tmp_path / "project", "cache", "import", str(stick)) == 2
    assert "next: " in capsys.readouterr().err
    stick.write_bytes(content)
    assert vendor(tmp_path / "project", "cache", "import", str(stick)) == 0
    shutil.rmtree(tmp_path / "project/requirements/src")
    assert vendor(tmp_path / "project") == 0


def test_file_with_two_names_travels_twice(stick: Path, closed: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    # A program that saves space makes hardlinks of equal files.
    tools = tmp_path / "cache/tools"
    tools.mkdir()
    for name in ("one", "two"):
        make_wheel(tools, name)
    (tools / "two-1.0-py3-none-any.whl").unlink()
    (tools / "two-1.0-py3-none-any.whl").hardlink_to(tools / "one-1.0-py3-none-any.whl")
    with pytest.MonkeyPatch.context() as before:
        before.setenv("VENDOR_FETCH_CACHE", str(tmp_path / "cache"))
        assert vendor(project, "cache", "export", str(stick)) == 0
    assert vendor(project, "cache", "import", str(stick)) == 0
    assert len(list((closed / "tools").iterdir())) == 2


@pytest.mark.parametrize(
    ("file", "next_step"),
    [("new/more/c.tar", "mkdir -p {}/new/more && "), ("f/c.tar", "ls -l {}/f  # ")],
)
def test_export_into_no_directory_says_what_to_do(
    file: str,
    next_step: str,
    index: Index,
    make_project: MakeProject,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "f").touch()
    assert vendor(make_project(), "cache", "export", str(tmp_path / file)) == 2
    assert f"\n  next: {next_step.format(tmp_path)}" in capsys.readouterr().err
