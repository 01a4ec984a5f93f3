"""Tarballs, wheels and leftovers in a project that would reach out of their place."""

import json
import tarfile
import zipfile
from pathlib import Path

import pytest

from bootstrapper.errors import WorkFailed
from bootstrapper.ve.project.lockfile import APPS
from tests.support.index import Index
from tests.support.source_projects import write_project
from tests.vendor.conftest import MakeProject, vendor
from vendor_fetch.graph import metadata
from vendor_fetch.project.project import BESIDE


@pytest.mark.parametrize(
    "entry", ["- ../../../letter", "- {}/letter", "+ ../letter", "+ {}/letter"]
)
def test_foreign_journal_reaches_no_file_outside(
    entry: str, make_project: MakeProject, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = make_project()
    (tmp_path / "letter").write_text("keep")
    (project / BESIDE).mkdir()
    (project / BESIDE / "journal").write_text(entry.format(tmp_path) + "\n")
    assert vendor(project) == 1
    printed = capsys.readouterr().err
    assert "has a journal that names files outside of the project" in printed
    assert f"rm -r {BESIDE} && " in printed
    assert (tmp_path / "letter").read_text() == "keep"


def test_linked_staging_directory_is_refused(
    make_project: MakeProject, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = make_project()
    (tmp_path / "other").mkdir()
    (tmp_path / "other/journal").write_text("- x\n")
    (project / BESIDE).symlink_to(tmp_path / "other")
    assert vendor(project) == 1
    assert "is a link to another directory" in capsys.readouterr().err
    assert (tmp_path / "other/journal").exists()


@pytest.mark.parametrize("requires", ["--index-url=http://127.0.0.1:1/", "x\n--pre", "-r other"])
def test_build_requirement_is_no_option_of_uv(
    requires: str,
    index: Index,
    make_project: MakeProject,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = write_project(tmp_path / "mylib")
    text = (source / "pyproject.toml").read_text()
    (source / "pyproject.toml").write_text(
        text.replace("requires = []", f"requires = [{json.dumps(requires)}]")
    )
    assert vendor(make_project("../mylib")) == 1
    printed = capsys.readouterr().err
    assert (
        "is an option, not a requirement" in printed or "`x --pre`" in printed or "--pre" in printed
    )


def test_dependency_ends_no_line_of_the_lock(
    index: Index, make_project: MakeProject, tmp_path: Path
) -> None:
    # A marker may have any character in a text; pip ends a line at some of them.
    injected = "evil-1.0.tar.gz"
    requires = f"helper ; extra == 'x\u2028{injected}\x1b[31m'"
    source = write_project(tmp_path / "mylib", requires=["helper ; extra == 'x\x1b[31m'"])
    text = (source / "pyproject.toml").read_text()
    (source / "pyproject.toml").write_text(
        text.replace("requires = []", f"requires = [{json.dumps(requires)}]")
    )
    backend = source / "backend.py"
    # Before 2.2, only the backend tells the dependencies.
    backend.write_text(backend.read_text().replace("Version: 2.2", "Version: 2.1"))
    project = make_project("../mylib")
    assert vendor(project) == 0
    text = (project / APPS).read_text()
    assert not any(line.startswith(injected) for line in text.splitlines())
    assert "\x1b" not in text
    assert f" builds with: helper ; extra == 'x {injected}'\n" in text
    assert " requires: helper ; extra == 'x'\n" in text
    assert vendor(project, "check") == 0


@pytest.mark.parametrize("kind", ["wheel", "tarball"])
def test_metadata_does_not_fill_the_memory(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metadata, "LARGEST", 100)
    content = tmp_path / "metadata"
    content.write_bytes(b"Name: tiny\n" + b"X: y\n" * 100)
    path = tmp_path / ("tiny-1.0-py3-none-any.whl" if kind == "wheel" else "tiny-1.0.tar.gz")
    if kind == "wheel":
        with zipfile.ZipFile(path, "w") as archive:
            archive.write(content, "tiny-1.0.dist-info/METADATA")
    else:
        with tarfile.open(path, "w:gz") as tar:
            tar.add(content, "tiny-1.0/PKG-INFO")
    with pytest.raises(WorkFailed, match="its metadata is larger than"):
        metadata.dependencies(path)
