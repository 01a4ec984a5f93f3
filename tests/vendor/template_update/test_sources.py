"""The template comes from a git address, a path or a zip file, and offline if it is at hand."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.index import Index
from tests.vendor.template_update.conftest import Files, Template, commit, files, git, update
from vendor_fetch.template.record import read_record

ADDRESS = "https://git.example.org/template.git"


def record(project: Path, **values: str) -> None:
    """Change the recorded address or version."""
    file = project / ".template.json"
    content = json.loads(file.read_text())
    content["template"] |= values
    file.write_text(json.dumps(content, indent=2) + "\n")
    commit(project, "Another template")


def unversioned(files: Files) -> Files:
    """Files without the record of the template's address."""
    return {name: content for name, content in files.items() if name != ".template.json"}


def zipped(template: Template, file: Path) -> Path:
    """A zip file of the template, as hosts of repositories make them: with one directory."""
    copy = file.parent / f"{file.stem}-files"
    shutil.copytree(template.directory, copy / "template-main", ignore=lambda *_: {".git"})
    made = shutil.make_archive(str(file.with_suffix("")), "zip", copy)
    return Path(made)


@pytest.fixture
def newer(template: Template, project: Path) -> Template:
    template.edit("site/views.py", "line 3\n", "line three\n")
    template.release("v2")
    return template


@pytest.fixture
def git_host(template: Template, tmp_path: Path) -> Path:
    """A bare repository of the template, which git finds at ADDRESS."""
    bare = tmp_path / "bare.git"
    git(template.directory, "clone", "-q", "--bare", str(template.directory), str(bare))
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    (home / ".gitconfig").write_text(
        f'[url "{bare}"]\n    insteadOf = {ADDRESS}\n[url "{bare}"]\n'
        "    insteadOf = ssh://git@git.example.org/template.git\n"
    )
    return bare


def push(template: Template, bare: Path) -> None:
    git(template.directory, "push", "-q", "--tags", str(bare), "main")


@pytest.mark.parametrize("address", [ADDRESS, "git@git.example.org:template.git", f"git+{ADDRESS}"])
def test_git_address(
    template: Template,
    project: Path,
    git_host: Path,
    address: str,
    fresh: Callable[..., Files],
) -> None:
    record(project, address=address)
    template.edit("site/views.py", "line 3\n", "line three\n")
    template.release("v2")
    push(template, git_host)
    assert update(project) == 0
    assert unversioned(files(project)) == unversioned(fresh())
    content = json.loads((project / ".template.json").read_text())
    assert content["template"] == {"address": address, "version": "v2"}


def test_git_address_offline_if_the_versions_are_at_hand(
    template: Template,
    project: Path,
    git_host: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    record(project, address=ADDRESS)
    template.edit("site/views.py", "line 3\n", "line three\n")
    template.release("v2")
    push(template, git_host)
    monkeypatch.setenv("VENDOR_FETCH_OFFLINE", "1")
    assert update(project) == 1
    assert "VENDOR_FETCH_OFFLINE forbids" in capsys.readouterr().err
    monkeypatch.delenv("VENDOR_FETCH_OFFLINE")
    assert update(project, "--dry-run") == 0
    shutil.rmtree(git_host)
    monkeypatch.setenv("VENDOR_FETCH_OFFLINE", "1")
    assert update(project) == 0
    assert "line three" in (project / "site/views.py").read_text()


def test_path_offline(newer: Template, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VENDOR_FETCH_OFFLINE", "1")
    assert update(project) == 0
    assert "line three" in (project / "site/views.py").read_text()


@pytest.mark.parametrize("form", ["{}", "file://{}"])
def test_bare_repository(template: Template, project: Path, git_host: Path, form: str) -> None:
    record(project, address=form.format(git_host))
    template.edit("site/views.py", "line 3\n", "line three\n")
    template.release("v2")
    push(template, git_host)
    assert update(project) == 0
    assert "line three" in (project / "site/views.py").read_text()


def test_zip_file(
    template: Template, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = zipped(template, tmp_path / "old.zip")
    record(project, address=str(old), version="1")
    template.edit("site/views.py", "line 3\n", "line three\n")
    template.release("v2")
    new = zipped(template, tmp_path / "new.zip")
    assert update(project, "--template", str(new)) == 2
    assert "is version 2 of the template, and not 1" in capsys.readouterr().err
    assert update(project, "--template", str(new), "--from", str(old)) == 0
    assert "line three" in (project / "site/views.py").read_text()
    content = json.loads((project / ".template.json").read_text())
    assert content["template"] == {"address": str(new), "version": "2"}


def test_project_of_a_zip_file(template: Template, tmp_path: Path) -> None:
    old = zipped(template, tmp_path / "old.zip")
    made = Template(old).generate(tmp_path / "unzipped")
    content = json.loads((made / ".template.json").read_text())
    assert content["template"] == {"address": str(old), "version": "1"}


def test_zip_file_of_a_web_server(
    newer: Template, project: Path, tmp_path: Path, index: Index
) -> None:
    zipped(newer, index.directory / "template.zip")
    git(newer.directory, "checkout", "-q", "v1")
    old = zipped(newer, tmp_path / "old.zip")
    address = f"{index.url.rpartition('/simple')[0]}/files/template.zip"
    assert update(project, "--template", address, "--from", str(old)) == 0
    assert "line three" in (project / "site/views.py").read_text()


def test_damaged_zip_file_is_named(
    newer: Template, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.zip").write_bytes(b"PK\3\4 no zip")
    assert update(project, "--template", str(tmp_path / "bad.zip")) == 1
    assert "can't be unpacked" in capsys.readouterr().err


def test_branch_and_commit_are_versions(newer: Template, project: Path) -> None:
    git(newer.directory, "checkout", "-q", "-b", "next", "v1")
    newer.write("next.txt", "next\n")
    commit(newer.directory, "Next")
    git(newer.directory, "checkout", "-q", "main")
    assert update(project, "--to", "next") == 0
    assert (project / "next.txt").is_file()


@pytest.mark.parametrize("end", ["v2", "next"])
def test_named_version_of_a_path_keeps_the_address(
    end: str, newer: Template, project: Path
) -> None:
    git(newer.directory, "branch", "next", "v2")
    newer.write("site/later.py", "later\n")
    newer.release("v3")
    assert update(project, "--to", end) == 0
    record = read_record(project)
    assert record
    assert record.address == str(newer.directory)
    assert update(project) == 0
    assert (project / "site/later.py").is_file()
