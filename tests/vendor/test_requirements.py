"""Sync notices a removed line of apps.in, even beside a tarball with dynamic metadata."""

from pathlib import Path

import pytest

from bootstrapper.ve.project.lockfile import APPS, TOOLS
from bootstrapper.ve.project.project import Project
from tests.support import tarballs
from tests.support.index import Index
from tests.support.wheels import make_wheel
from tests.vendor.conftest import MakeProject, files, snapshot, vendor

IDNA = "idna-3.0-py3-none-any.whl"
BACKEND = """
import os
def prepare_metadata_for_build_wheel(directory, settings=None):
    os.mkdir(directory + "/code-1.0.dist-info")
    with open(directory + "/code-1.0.dist-info/METADATA", "w") as file:
        file.write("Metadata-Version: 2.1\\nName: code\\nVersion: 1.0\\nRequires-Dist: helper\\n")
    return "code-1.0.dist-info"
def build_wheel(*_):
    raise SystemExit("no")
"""
METADATA = {
    "old": "Metadata-Version: 1.1\nName: code\nVersion: 1.0\n",
    "dynamic": "Metadata-Version: 2.2\nName: code\nVersion: 1.0\nDynamic: Requires-Dist\n",
    "without a version": "Name: code\nVersion: 1.0\n",
}


@pytest.fixture(params=METADATA)
def project(request: pytest.FixtureRequest, index: Index, make_project: MakeProject) -> Path:
    """It asks for a tarball, code, that says only when it is built that it needs helper."""
    tarballs.make_tarball(
        index.directory,
        "code",
        build=[],
        backend="backend",
        backend_path=".",
        files={"backend.py": BACKEND, "PKG-INFO": METADATA[request.param]},
    )
    make_wheel(index.directory, "helper")
    make_wheel(index.directory, "idna", "3.0")
    made = make_project("code", "idna")
    assert vendor(made) == 0
    assert vendor(made, "check") == 0
    return made


def test_removed_line_is_noticed_beside_dynamic_tarball(
    project: Path, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    make_project("code")
    capsys.readouterr()
    assert vendor(project, "check") == 1
    assert "nothing asks for idna-3.0-py3-none-any.whl\n1 difference\n" in capsys.readouterr().out
    assert vendor(project) == 0
    assert files(project) == ["code-1.0.tar.gz", "helper-1.0-py3-none-any.whl"]
    assert vendor(project, "check") == 0
    before = snapshot(project)
    assert vendor(project) == 0
    assert snapshot(project) == before


def test_unbuildable_tarball_is_removed_with_its_line(
    project: Path, make_project: MakeProject, index: Index
) -> None:
    index.stop()
    make_project("idna")
    assert vendor(project) == 0
    assert files(project) == [IDNA]


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        (["code"], "requirements/apps.in line 1, or remove that line"),
        (["other", "top"], "requirements/apps.in, where line 2 needs it, or remove that line"),
        (
            ["top", "app"],
            "requirements/apps.in, where lines 1 and 2 need it, or remove those lines",
        ),
    ],
)
def test_line_of_an_unbuildable_tarball_is_named(
    asked: list[str],
    line: str,
    index: Index,
    make_project: MakeProject,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    compiler = tmp_path / "compiler"
    compiler.touch()
    tarballs.make_tarball(
        index.directory,
        "code",
        build=[],
        backend="backend",
        backend_path=".",
        files={
            "backend.py": f"open({str(compiler)!r}).close()\n{BACKEND}",
            "PKG-INFO": METADATA["old"],
        },
    )
    for name, requires in (
        ("helper", ()),
        ("idna", ()),
        ("other", ()),
        ("app", ["code"]),
        ("top", ["app"]),
    ):
        make_wheel(index.directory, name, requires=requires)
    project = make_project(*asked, "idna")
    assert vendor(project) == 0
    compiler.unlink()
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "empty"))
    make_project(*asked)
    before = snapshot(project / "requirements/src")
    capsys.readouterr()
    assert vendor(project) == 1
    printed = capsys.readouterr().err
    assert printed.startswith("code: error: Failed to build `code==1.0`")
    assert f"; or ask for another version of code in {line}, then: make vendor\n" in printed
    assert snapshot(project / "requirements/src") == before
    make_project("idna")
    assert vendor(project) == 0
    assert files(project) == ["idna-1.0-py3-none-any.whl"]


def test_lock_without_record_is_rewritten(
    project: Path, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    good = (project / APPS).read_text()
    assert "# code-1.0.tar.gz requires: helper\n" in good
    (project / APPS).write_text(good.replace("# code-1.0.tar.gz requires: helper\n", ""))
    capsys.readouterr()
    assert vendor(project, "check") == 1
    assert "does not record what code-1.0.tar.gz requires" in capsys.readouterr().out
    assert vendor(project) == 0
    assert (project / APPS).read_text() == good


def test_apps_in_of_a_windows_editor_changes_nothing(project: Path) -> None:
    apps_in = project / "requirements/apps.in"
    apps_in.write_text("\ufeff" + apps_in.read_text().replace("\n", "\r\n"), newline="")
    before = snapshot(project)
    assert vendor(project) == 0
    assert snapshot(project) == before


def test_order_and_comments_of_apps_in_change_nothing(project: Path) -> None:
    (project / "requirements/apps.in").write_text("# What we use\n\nidna  # names\n  code\n")
    before = snapshot(project)
    assert vendor(project) == 0
    assert snapshot(project) == before


def test_removed_tool_is_noticed_beside_dynamic_tarball(
    index: Index, make_project: MakeProject
) -> None:
    tarballs.make_tarball(
        index.directory,
        "code",
        build=[],
        backend="backend",
        backend_path=".",
        files={"backend.py": BACKEND, "PKG-INFO": METADATA["old"]},
    )
    make_wheel(index.directory, "helper")
    make_wheel(index.directory, "idna", "3.0")
    project = make_project("idna", settings='build-requires = ["code", "idna"]')
    assert vendor(project) == 0
    assert "idna" in (project / TOOLS).read_text()
    make_project("idna", settings='build-requires = ["code"]')
    assert vendor(project) == 0
    assert "idna" not in (project / TOOLS).read_text()


def test_included_file_is_vendored(
    index: Index, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("tiny", "option", "deeper"):
        make_wheel(index.directory, name)
    project = make_project("tiny", "-r options/option.in  # what some installations need")
    options = project / "requirements/options"
    options.mkdir()
    (options / "option.in").write_text("option\n--requirement=../deeper.in\n")
    (project / "requirements/deeper.in").write_text("deeper\n")
    assert vendor(project) == 0
    assert [name.partition("-")[0] for name in files(project)] == ["deeper", "option", "tiny"]
    assert vendor(project, "check") == 0
    assert sorted(Project(project).wanted) == ["deeper", "option", "tiny"]
    make_project("tiny")
    assert vendor(project, "check") == 1
    assert "nothing asks for option-1.0-py3-none-any.whl" in capsys.readouterr().out
    assert vendor(project) == 0
    assert files(project) == ["tiny-1.0-py3-none-any.whl"]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("-r missing.in", "requirements/apps.in:2: requirements/missing.in: there is no such file"),
        ("-r ../../out.in", "requirements/apps.in:2: ../../out.in: the file is not in the project"),
        ("-r /etc/hosts", "requirements/apps.in:2: /etc/hosts: the file is not in the project"),
        ("-r loop.in", "requirements/loop.in:1: ../requirements/apps.in: the file includes itself"),
        ("-r wrong.in", "requirements/wrong.in:2: 'is nice' is not a version specifier"),
    ],
)
def test_wrong_include_is_shown(
    line: str, fault: str, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    project = make_project("fine", line)
    (project / "requirements/loop.in").write_text("-r ../requirements/apps.in\n")
    (project / "requirements/wrong.in").write_text("\ntiny is nice\n")
    assert vendor(project) == 2
    assert fault in capsys.readouterr().err
    assert "fine" in Project(project).wanted


def test_conflict_names_the_included_line(
    index: Index, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    make_wheel(index.directory, "tiny", "1.0")
    project = make_project("-r option.in")
    (project / "requirements/option.in").write_text("\ntiny>=2\n")
    assert vendor(project) == 1
    assert "tiny>=2" in capsys.readouterr().err
