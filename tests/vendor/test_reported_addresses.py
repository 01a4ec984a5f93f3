"""Addresses that were reported as bugs of other tools."""

import subprocess
from pathlib import Path

import pytest

from tests.support.index import Index
from tests.support.repository import git
from tests.support.source_projects import commit_project, write_project
from tests.support.wheels import make_wheel
from tests.vendor.conftest import MakeProject, files, vendor

TARBALL = "mylib-1.0.tar.gz"


@pytest.fixture
def repository(tmp_path: Path, index: Index) -> Path:
    """A repository with the project mylib 1.0."""
    commit_project(tmp_path / "mylib.git")
    return tmp_path / "mylib.git"


@pytest.mark.parametrize(
    ("tag", "ref"),
    [
        ("release/1.0", "release/1.0"),
        # https://github.com/pypa/pip/issues/11428
        ("mylib@1.0", "mylib@1.0"),
        ("@team/mylib@1.0", "%40team/mylib%401.0"),
        # https://github.com/pypa/pip/pull/4813
        ("issue#20", "issue%2320"),
        ("v1.0+local", "v1.0+local"),
    ],
)
def test_ref_may_have_every_character(
    tag: str, ref: str, repository: Path, make_project: MakeProject
) -> None:
    git(repository, "tag", tag)
    commit_project(repository, version="2.0")
    project = make_project(f"mylib @ git+file://{repository}@{ref}")
    assert vendor(project) == 0
    assert files(project) == [TARBALL]


@pytest.mark.parametrize(
    ("ref", "status", "printed"),
    [
        (
            "@issue#20",
            2,
            "#20 is neither egg= nor subdirectory=; in the name of a branch or tag, # is",
        ),
        ("/../mylib@1.0", 1, "it has no branch, tag or commit '1.0'"),
        ("/../my@lib@1.0", 1, "\nIn the name of a branch or tag, @ is written %40\n"),
        ("/../empty", 1, "empty: it has no commit yet\n"),
        ("/../many", 1, "nor a setup.py; packages/one has one\n"),
        ("/../many", 1, "# in line 1, write #subdirectory=packages/one, then: make vendor\n"),
    ],
)
def test_wrong_address_of_git_is_explained(
    ref: str,
    status: int,
    printed: str,
    repository: Path,
    make_project: MakeProject,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (repository.parent / "mylib").symlink_to(repository)
    git(repository.parent, "init", "--quiet", "--initial-branch=main", "empty")
    many = repository.parent / "many"
    write_project(many / "packages/one")
    git(many, "init", "--quiet")
    git(many, "add", "--all")
    git(many, "commit", "--quiet", "-m", "one")
    assert vendor(make_project(f"git+file://{repository}{ref}")) == status
    assert printed in capsys.readouterr().err


def test_pointer_of_git_lfs_is_refused(
    repository: Path, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    """https://github.com/astral-sh/uv/issues/3312: the package had pointers for its data."""
    (repository / "model.bin").write_text(
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{64 * '0'}\nsize 1234\n"
    )
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "-m", "model")
    assert vendor(make_project(f"mylib @ git+file://{repository}")) == 1
    assert capsys.readouterr().err.startswith(
        "requirements/apps.in:1: model.bin: is a pointer of Git LFS in place of the file\n"
        "  next: git lfs install && make vendor  # "
    )


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("{host}simple/virtualenv/", "virtualenv: is a web page\n"),
        ("../notes.txt", "notes.txt: is no archive\n"),
        (
            "../many",
            "no Python project: there is neither a pyproject.toml nor a setup.py; one has one",
        ),
        (
            "../many",
            "# in line 1, name the directory of a project, such as ../many/one, then: make",
        ),
    ],
)
def test_wrong_address_is_explained(
    line: str,
    fault: str,
    index: Index,
    make_project: MakeProject,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "notes.txt").write_text("notes")
    write_project(tmp_path / "many/one")
    assert vendor(make_project(line.replace("{host}", f"{index.host}/"))) == 1
    printed = capsys.readouterr().err
    assert printed.startswith("requirements/apps.in:1: ")
    assert fault in printed


def test_shallow_clone_is_vendored(
    repository: Path, make_project: MakeProject, tmp_path: Path
) -> None:
    commit_project(repository, version="2.0")
    subprocess.run(
        ["git", "clone", "--quiet", "--depth=1", f"file://{repository}", tmp_path / "shallow"],
        check=True,
    )
    project = make_project(
        f"git+file://{tmp_path}/shallow@main", "../shallow ; python_version < '3'"
    )
    assert vendor(project) == 0
    assert files(project) == ["mylib-2.0.tar.gz"]


def test_line_of_a_missing_archive_is_named(
    index: Index, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    assert vendor(make_project(f"{index.host}/files/mylib-1.0.zip")) == 1
    printed = capsys.readouterr().err
    assert printed.startswith("requirements/apps.in:1: mylib-1.0.zip: can't be downloaded from ")
    assert printed.endswith("  next: make vendor  # when 127.0.0.1 has it\n")


@pytest.mark.parametrize("second", ["mylib>=2", "user"])
def test_conflict_names_what_an_address_has(
    second: str,
    repository: Path,
    index: Index,
    make_project: MakeProject,
    capsys: pytest.CaptureFixture[str],
) -> None:
    make_wheel(index.directory, "mylib", "5.0")
    make_wheel(index.directory, "user", requires=["mylib>=2"])
    assert vendor(make_project(f"mylib @ git+file://{repository}", second)) == 1
    printed = capsys.readouterr().err
    assert printed.startswith("requirements/apps.in:1: lines 1 and 2 exclude each other\n")
    assert "    requirements/apps.in:1 has mylib 1.0\n  next: " in printed
    assert "the index has" not in printed


def test_warning_has_no_temporary_path(
    repository: Path, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    assert vendor(make_project(f"mylib[more] @ git+file://{repository}")) == 0
    printed = capsys.readouterr().out
    assert "warning: The package `mylib` does not have an extra named `more`\n" in printed


def test_failing_backend_begins_with_its_error(
    make_project: MakeProject, index: Index, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_project(tmp_path / "mylib")
    (tmp_path / "mylib/backend.py").write_text("raise SystemError('no compiler')\n")
    assert vendor(make_project("../mylib")) == 1
    assert capsys.readouterr().err.startswith(
        "requirements/apps.in:1: its build backend fails: SystemError: no compiler\n"
    )
