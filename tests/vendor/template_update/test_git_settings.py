"""Whatever a user has set in git, an update follows the template and loses nothing."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.vendor.conftest import vendor
from tests.vendor.template_update.conftest import (
    VIEWS,
    Template,
    commit,
    files,
    git,
    stages,
    update,
)


@pytest.fixture
def newer(template: Template, project: Path) -> Template:
    """Version v2, beside a project of v1."""
    template.edit("site/views.py", "line 3\n", "line theirs\n")
    template.write("bootstrap.py", "#!/usr/bin/env python3\n# 2\n")
    template.release("v2")
    return template


def configure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """Set a value in the user's own configuration."""
    file = tmp_path / "gitconfig"
    subprocess.run(["git", "config", "--file", str(file), name, value], check=True)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(file))


@pytest.mark.parametrize("flag", ["--skip-worktree", "--assume-unchanged"])
def test_hidden_change_is_not_replaced(
    flag: str, newer: Template, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    git(project, "update-index", flag, "site/views.py")
    (project / "site/views.py").write_text("mine\n")
    before = files(project)
    assert update(project) == 2
    assert files(project) == before
    assert "has changes that git was asked to ignore" in capsys.readouterr().err


def test_hidden_file_without_a_change_follows(newer: Template, project: Path) -> None:
    git(project, "update-index", "--skip-worktree", "site/views.py")
    assert update(project) == 0
    assert "theirs" in (project / "site/views.py").read_text()


@pytest.mark.parametrize(("name", "value"), [("core.autocrlf", "true"), ("core.eol", "crlf")])
def test_line_ends_of_the_user_are_no_difference(
    name: str,
    value: str,
    newer: Template,
    project: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    configure(tmp_path, monkeypatch, name, value)
    assert update(project) == 0
    assert "theirs" in (project / "site/views.py").read_text()
    assert git(project, "status", "--porcelain") == ""


def test_project_of_a_checkout_with_crlf_follows(
    template: Template, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(tmp_path, monkeypatch, "core.autocrlf", "true")
    clone = Template(tmp_path / "clone")
    git(tmp_path, "clone", "-q", str(template.directory), str(clone.directory))
    project = clone.generate(tmp_path / "out")
    assert b"\r\n" in (project / "site/views.py").read_bytes()
    git(project, "init", "-q")
    commit(project, "Add the site")
    template.edit("site/views.py", "line 3\n", "line theirs\n")
    template.release("v2")
    assert update(project, "--template", str(template.directory)) == 0
    assert b"line theirs\r\n" in (project / "site/views.py").read_bytes()


def test_pathspecs_of_the_environment_do_not_matter(
    newer: Template, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "site/views.py").write_text(VIEWS.replace("line 3\n", "line ours\n"))
    commit(project, "Ours")
    monkeypatch.setenv("GIT_LITERAL_PATHSPECS", "1")
    assert update(project) == 1
    assert stages(project) == {"site/views.py": "123"}


def test_failed_signature_changes_nothing(
    newer: Template, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    git(project, "config", "commit.gpgsign", "true")
    git(project, "config", "gpg.program", "/bin/false")
    before = files(project)
    assert update(project) == 1
    assert files(project) == before
    assert git(project, "worktree", "list").count("\n") == 1
    printed = capsys.readouterr().err
    assert f"git in {project}: error: gpg failed to sign" in printed
    assert f"next: git -C {project} status" in printed


@pytest.mark.parametrize("owned", ["project", "template"])
def test_repository_of_another_user_is_named(
    owned: str,
    newer: Template,
    project: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if owned == "template":
        configure(tmp_path, monkeypatch, "safe.directory", str(project))
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert update(project) == 2
    directory = project if owned == "project" else newer.directory
    assert f"git config --global --add safe.directory {directory}" in capsys.readouterr().err


def test_shallow_template_is_named(
    newer: Template, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{newer.directory}", str(clone))
    assert update(project, "--template", str(clone)) == 1
    assert f"git -C {clone} fetch --unshallow --tags" in capsys.readouterr().err


def test_lock_of_a_crashed_git_is_named(
    newer: Template, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = project / ".git/index.lock"
    lock.touch()
    before = files(project)
    assert update(project) == 1
    assert files(project) == before
    assert f"rm {lock}" in capsys.readouterr().err
    lock.unlink()
    assert update(project) == 0


def forget_bootstrap(project: Path) -> None:
    """Leave only the history of the template to say where bootstrap.py comes from."""
    record = project / ".template.json"
    content = json.loads(record.read_text())
    del content["files"]["bootstrap.py"]
    record.write_text(json.dumps(content))


def test_first_bootstrap_of_the_template_is_known(
    newer: Template, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(tmp_path, monkeypatch, "log.showRoot", "false")
    forget_bootstrap(project)
    assert vendor(project, "self-upgrade") == 0
    assert "# 2" in (project / "bootstrap.py").read_text()


def test_project_with_long_hashes_follows(
    template: Template, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = template.generate(tmp_path / "out")
    git(project, "init", "-q", "--object-format=sha256")
    commit(project, "Add the site")
    template.write("bootstrap.py", "#!/usr/bin/env python3\n# 2\n")
    template.release("v2")
    assert update(project) == 0
    template.write("bootstrap.py", "#!/usr/bin/env python3\n# 3\n")
    template.release("v3")
    forget_bootstrap(project)
    monkeypatch.chdir(project)
    assert vendor(project, "self-upgrade") == 0
    assert "# 3" in (project / "bootstrap.py").read_text()


def test_project_behind_a_symbolic_link_follows(
    newer: Template, project: Path, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(project)
    assert update(tmp_path / "link") == 0
    assert "theirs" in (project / "site/views.py").read_text()
