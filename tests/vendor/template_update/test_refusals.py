"""What `template-update` refuses, and what its messages say. Nothing changes then."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.vendor.template_update.conftest import (
    VIEWS,
    Files,
    Template,
    commit,
    files,
    git,
    update,
)

Output = pytest.CaptureFixture[str]


@pytest.fixture
def newer(template: Template, project: Path) -> Template:
    """A template that is at version v2."""
    template.edit("site/views.py", "line 3\n", "line three\n")
    template.release("v2")
    return template


@pytest.mark.parametrize("change", ["edited", "staged", "untracked", "deleted"])
def test_dirty_tree_is_refused(newer: Template, project: Path, change: str, capsys: Output) -> None:
    if change == "deleted":
        (project / "site/models.py").unlink()
    else:
        name = "new.py" if change == "untracked" else "site/models.py"
        (project / name).write_text("ours\n")
    if change == "staged":
        git(project, "add", "--all")
    before = files(project)
    assert update(project) == 2
    assert files(project) == before
    assert "has changes that no commit has: " in capsys.readouterr().err


def test_project_outside_of_git_is_refused(newer: Template, project: Path, capsys: Output) -> None:
    shutil.rmtree(project / ".git")
    assert update(project) == 2
    assert "git init && git add --all" in capsys.readouterr().err


def test_missing_identity_is_named(
    newer: Template, project: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AUTHOR", "COMMITTER"):
        for part in ("NAME", "EMAIL"):
            monkeypatch.delenv(f"GIT_{name}_{part}")
    git(project, "config", "user.useConfigOnly", "true")
    before = files(project)
    assert update(project) == 2
    assert files(project) == before
    assert "git config --global user.name NAME" in capsys.readouterr().err


def test_older_version_is_refused(newer: Template, project: Path, capsys: Output) -> None:
    assert update(project) == 0
    before = files(project)
    assert update(project, "--to", "v1") == 2
    assert files(project) == before
    assert "v1: is older than v2" in capsys.readouterr().err


def test_unknown_version_is_named(newer: Template, project: Path, capsys: Output) -> None:
    assert update(project, "--to", "v9") == 1
    assert "it has no branch, tag or commit 'v9'" in capsys.readouterr().err


def test_version_that_gives_other_files_is_refused(
    newer: Template, project: Path, capsys: Output
) -> None:
    git(newer.directory, "tag", "--force", "v1", "v2")
    newer.edit("site/views.py", "line 5\n", "line five\n")
    newer.release("v3")
    before = files(project)
    assert update(project) == 1
    assert files(project) == before
    error = capsys.readouterr().err
    assert "does not give the files any more that the project was generated with" in error
    assert "site/views.py" in error


def test_generation_from_uncommitted_changes_needs_a_version(
    template: Template, tmp_path: Path, capsys: Output
) -> None:
    template.edit("site/views.py", "line 3\n", "line dirty\n")
    made = template.generate(tmp_path / "dirty")
    assert json.loads((made / ".template.json").read_text())["template"]["version"] == "v1-dirty"
    git(made, "init", "-q", "-b", "main")
    commit(made, "Add the site")
    commit(template.directory, "Now committed", "v1.1")
    template.edit("site/views.py", "line 5\n", "line five\n")
    template.release("v2")
    assert update(made) == 1
    assert "--from VERSION" in capsys.readouterr().err
    assert update(made, "--from", "v1.1") == 0
    assert "line five" in (made / "site/views.py").read_text()


def test_project_without_a_record_gets_in(
    newer: Template, project: Path, fresh: Callable[..., Files], capsys: Output
) -> None:
    git(project, "rm", "-q", ".template.json")
    commit(project, "As before .template.json")
    assert update(project) == 2
    assert "--from VERSION --answers NAME=VALUE" in capsys.readouterr().err
    template = str(newer.directory)
    assert update(project, "--template", template, "--from", "v1") == 2
    words = ("--template", template, "--from", "v1", "--answers", "project_slug=site")
    assert update(project, *words) == 0
    assert files(project) == fresh()


def test_wrong_answers_for_a_project_without_a_record_are_refused(
    newer: Template, project: Path, capsys: Output
) -> None:
    git(project, "rm", "-q", ".template.json")
    commit(project, "As before .template.json")
    git(project, "rm", "-rq", "README.md", "site", "templates", "manage.py", "logo.ico")
    commit(project, "Another project")
    words = ("--template", str(newer.directory), "--from", "v1", "--answers", "project_slug=x")
    assert update(project, *words) == 2
    assert "files that v1 gives with these answers" in capsys.readouterr().err


def test_answers_come_from_a_file(newer: Template, project: Path, tmp_path: Path) -> None:
    git(project, "rm", "-q", ".template.json")
    commit(project, "As before .template.json")
    replay = tmp_path / "replay.json"
    answers = {"project_slug": "site", "description": "A site", "_template": "x"}
    replay.write_text(json.dumps({"cookiecutter": answers}))
    words = ("--template", str(newer.directory), "--from", "v1", "--answers", str(replay))
    assert update(project, *words) == 0


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("colour=red", "colour: is no question of the template"),
        ("domain=A B", "domain: 'A B' must be a host name"),
        ("python_version=2.7", "python_version"),
        ("nothing", "is neither NAME=VALUE nor a JSON file"),
    ],
)
def test_wrong_answer_is_refused(
    newer: Template, project: Path, answer: str, message: str, capsys: Output
) -> None:
    before = files(project)
    assert update(project, "--answers", answer) in (1, 2)
    assert files(project) == before
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"\xff", b'{"template": 1, "answers": {}, "files": {}}', b"null",
     b'{"template": {"address": "", "version": 1}, "answers": {}, "files": {}}'],
)  # fmt: skip
def test_faulty_record_is_refused(
    newer: Template, project: Path, content: bytes, capsys: Output
) -> None:
    (project / ".template.json").write_bytes(content)
    commit(project, "Break the record")
    assert update(project) == 2
    error = capsys.readouterr().err
    assert error.startswith(".template.json: ")
    assert "next: git checkout -- .template.json" in error


@pytest.mark.parametrize(
    "address",
    ["--upload-pack=touch x", "ext::sh -c touch% x", "nothing/here", "ssh://-oProxyCommand=x/y",
     "https://user:secret@git.example.org/t.git"],
)  # fmt: skip
def test_address_that_is_none_is_refused(
    newer: Template, project: Path, address: str, capsys: Output
) -> None:
    record = project / ".template.json"
    content = json.loads(record.read_text())
    content["template"]["address"] = address
    record.write_text(json.dumps(content))
    commit(project, "Another address")
    before = files(project)
    assert update(project) in (1, 2)
    assert files(project) == before
    error = capsys.readouterr().err
    assert "secret" not in error
    assert "Traceback" not in error


def test_template_that_cannot_be_rendered_is_named(
    newer: Template, project: Path, capsys: Output
) -> None:
    newer.write("site/views.py", "<% if %>\n")
    newer.release("v3")
    before = files(project)
    assert update(project) == 1
    assert files(project) == before
    assert "cookiecutter can't render it with the answers" in capsys.readouterr().err


def test_directory_that_is_no_template_is_refused(
    newer: Template, project: Path, tmp_path: Path, capsys: Output
) -> None:
    (tmp_path / "empty").mkdir()
    assert update(project, "--template", str(tmp_path / "empty")) == 2
    assert "has no cookiecutter.json" in capsys.readouterr().err
    assert (project / "site/views.py").read_text() == VIEWS


def test_explicit_version_is_not_compared(newer: Template, project: Path) -> None:
    git(newer.directory, "tag", "--force", "v1", "v2")
    newer.edit("site/views.py", "line 5\n", "line five\n")
    newer.release("v3")
    assert update(project) == 1
    assert update(project, "--from", "v1") == 0
    assert "line five" in (project / "site/views.py").read_text()


def test_uncommitted_template_is_a_warning(newer: Template, project: Path, capsys: Output) -> None:
    newer.edit("site/views.py", "line 5\n", "line five\n")
    assert update(project) == 0
    assert "warning: the template has changes that no commit has" in capsys.readouterr().out


def test_dry_run_needs_no_clean_tree(newer: Template, project: Path, capsys: Output) -> None:
    (project / "new.py").write_text("ours\n")
    before = files(project)
    assert update(project, "--dry-run") == 0
    assert files(project) == before
    commit_of = capsys.readouterr().out.partition("git diff HEAD ")[2].split()[0]
    assert "line three" in git(project, "diff", "HEAD", commit_of)


def test_new_packages_of_the_template_are_named(
    newer: Template, project: Path, capsys: Output
) -> None:
    newer.write("requirements/apps.in", "tiny\n# for pages\nhelper>=1\n")
    newer.release("v3")
    assert update(project) == 0
    assert "vendor_fetch add 'helper>=1'" in capsys.readouterr().out
