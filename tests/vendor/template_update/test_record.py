"""`.template.json` records what a project was generated from."""

import hashlib
import json
import subprocess
from pathlib import Path

import pytest

from tests.vendor.template_update.conftest import Template, commit, git, update
from vendor_fetch.template.origin import address_of, version_of


def record_of(project: Path) -> dict[str, dict[str, str]]:
    content: dict[str, dict[str, str]] = json.loads((project / ".template.json").read_text())
    return content


def test_record_names_template_answers_and_files(template: Template, project: Path) -> None:
    record = record_of(project)
    assert list(record) == ["template", "answers", "files"]
    assert record["template"] == {"address": str(template.directory), "version": "v1"}
    assert record["answers"]["description"] == "A site"
    assert not any(name.startswith("_") for name in record["answers"])
    expected = {
        str(path.relative_to(project)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in project.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(project).parts
    }
    del expected[".env"], expected[".template.json"]
    assert record["files"] == expected


def test_files_that_git_ignores_in_the_template_are_not_part_of_it(
    template: Template, tmp_path: Path
) -> None:
    (template.directory / ".gitignore").write_text("*.pyc\n.idea/\n")
    template.release("v1.1")
    for path in ("site/views.pyc", ".idea/workspace.xml", "site/odd [name].pyc"):
        template.write(path, "one\n")
    project = template.generate(tmp_path / "out")
    recorded = record_of(project)["files"]
    assert "site/views.py" in recorded
    assert not [path for path in recorded if path.endswith(".pyc") or ".idea" in path]
    git(project, "init", "-q", "-b", "main")
    commit(project, "Add the site")
    template.edit("site/views.py", "line 3\n", "line three\n")
    template.release("v2")
    template.write("site/views.pyc", "two\n")
    assert update(project) == 0
    changed = git(project, "show", "--format=", "--name-only").split()
    assert [path for path in changed if path.startswith("site/")] == ["site/views.py"]
    assert (project / "site/views.pyc").read_text() == "one\n"


def test_record_has_no_secret(project: Path) -> None:
    key = (project / ".env").read_text().partition("SECRET_KEY=")[2].splitlines()[0]
    assert key
    assert key not in (project / ".template.json").read_text()


def test_version_is_tag_or_commit(template: Template) -> None:
    assert version_of(template.directory) == "v1"
    git(template.directory, "commit", "-q", "--allow-empty", "-m", "More")
    head = git(template.directory, "rev-parse", "HEAD").strip()
    assert version_of(template.directory) == head
    template.write("README.md", "x\n")
    assert version_of(template.directory) == f"{head}-dirty"


def test_version_without_git_is_that_of_setup_cfg(template: Template, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-r", str(template.directory), str(copy)], check=True)
    subprocess.run(["rm", "-rf", str(copy / ".git")], check=True)
    assert version_of(copy) == "1"


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("https://git.example.org/t.git", "https://git.example.org/t.git"),
        ("https://ann:secret@git.example.org/t.git", "https://git.example.org/t.git"),
        ("https://secret@git.example.org/t.git", "https://git.example.org/t.git"),
        ("ssh://git:secret@git.example.org/t.git", "ssh://git@git.example.org/t.git"),
        ("git@git.example.org:t.git", "git@git.example.org:t.git"),
        ("../elsewhere", None),
    ],
)
def test_address_is_that_of_the_remote(
    template: Template, remote: str, address: str | None, tmp_path: Path
) -> None:
    git(template.directory, "remote", "add", "origin", remote)
    found = address_of(template.directory, str(template.directory), tmp_path / "site")
    assert found == (address or str(template.directory))


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("gh:ann/t", "https://github.com/ann/t.git"),
        ("https://ann:secret@git.example.org/t.git", "https://git.example.org/t.git"),
        ("git@git.example.org:t.git", "git@git.example.org:t.git"),
        ("https://files.example.org/t.zip", "https://files.example.org/t.zip"),
    ],
)
def test_typed_address_is_recorded(
    template: Template, typed: str, address: str, tmp_path: Path
) -> None:
    assert address_of(template.directory, typed, tmp_path / "site") == address


def test_other_files_of_the_directory_are_not_recorded(template: Template, tmp_path: Path) -> None:
    (tmp_path / "out/site").mkdir(parents=True)
    (tmp_path / "out/site/notes.txt").write_text("ours\n")
    project = template.generate(tmp_path / "out", "--overwrite-if-exists")
    assert "notes.txt" not in record_of(project)["files"]
    assert "README.md" in record_of(project)["files"]
