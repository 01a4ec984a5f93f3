"""What the template and the project have both changed: git keeps both sides, and people decide."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.vendor.template_update.conftest import (
    VIEWS,
    Template,
    commit,
    files,
    git,
    stages,
    update,
)
from vendor_fetch.template.record import read_record


def both_change(template: Template, project: Path) -> None:
    views = project / "site/views.py"
    views.write_text(VIEWS.replace("line 3\n", "line ours\n"))
    commit(project, "Ours")
    template.edit("site/views.py", "line 3\n", "line theirs\n")
    template.write("site/urls.py", "urls\n")
    template.release("v2")


def test_conflict_has_three_stages(
    template: Template, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both_change(template, project)
    assert update(project) == 1
    assert stages(project) == {"site/views.py": "123"}
    for stage, line in (("1", "line 3"), ("2", "line ours"), ("3", "line theirs")):
        assert line in git(project, "show", f":{stage}:site/views.py")
    printed = capsys.readouterr().out
    assert "conflict site/views.py: changed here and in the template" in printed
    assert "1 conflict from v1 to v2: the update is not complete" in printed


def test_abort_gives_every_byte_back(template: Template, project: Path) -> None:
    before, head = files(project), git(project, "rev-parse", "HEAD")
    both_change(template, project)
    before = files(project)
    head = git(project, "rev-parse", "HEAD")
    assert update(project) == 1
    git(project, "cherry-pick", "--abort")
    assert (files(project), git(project, "rev-parse", "HEAD")) == (before, head)
    assert git(project, "status", "--porcelain") == ""
    assert read_record(project).version == "v1"  # type: ignore[union-attr]


def test_resolved_conflict_is_completed_by_a_second_run(template: Template, project: Path) -> None:
    both_change(template, project)
    assert update(project) == 1
    (project / "site/views.py").write_text("resolved\n")
    git(project, "add", "site/views.py")
    git(project, "-c", "core.editor=true", "cherry-pick", "--continue")
    assert any("bootstrapper-1-" in path for path in files(project))
    assert update(project) == 0
    assert (project / "site/views.py").read_text() == "resolved\n"
    assert (project / "site/urls.py").read_text() == "urls\n"
    names = [path.name for path in (project / "requirements/src").glob("bootstrapper-*")]
    assert names == ["bootstrapper-2-py3-none-any.whl"]
    record = read_record(project)
    assert record
    assert record.version == "v2"
    assert f"requirements/src/{names[0]}" in record.files
    assert git(project, "status", "--porcelain") == ""
    head = git(project, "rev-parse", "HEAD")
    assert update(project) == 0
    assert git(project, "rev-parse", "HEAD") == head


def test_second_run_before_the_resolution_is_refused(
    template: Template, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both_change(template, project)
    assert update(project) == 1
    before = files(project)
    assert update(project) == 2
    assert files(project) == before
    assert "git cherry-pick --continue" in capsys.readouterr().err


def test_mergetool_gets_all_sides(template: Template, project: Path, tmp_path: Path) -> None:
    both_change(template, project)
    assert update(project) == 1
    tool = tmp_path / "tool"
    tool.write_text('#!/bin/sh\ncat "$1" "$2" "$3" | grep -c ours > "$4"\n')
    tool.chmod(0o755)
    git(
        project,
        *("-c", "merge.tool=ours", "-c", "mergetool.keepBackup=false"),
        *("-c", f'mergetool.ours.cmd={tool} "$BASE" "$LOCAL" "$REMOTE" "$MERGED"'),
        *("-c", "mergetool.ours.trustExitCode=true", "mergetool", "--no-prompt"),
    )
    assert (project / "site/views.py").read_text() == "1\n"
    assert stages(project) == {}


def test_conflict_style_of_the_user_holds(template: Template, project: Path) -> None:
    git(project, "config", "merge.conflictStyle", "zdiff3")
    both_change(template, project)
    assert update(project) == 1
    assert "|||||||" in (project / "site/views.py").read_text()


def test_rerere_repeats_a_resolution(template: Template, project: Path) -> None:
    git(project, "config", "rerere.enabled", "true")
    both_change(template, project)
    assert update(project) == 1
    resolved = VIEWS.replace("line 3\n", "line both\n")
    (project / "site/views.py").write_text(resolved)
    git(project, "rerere")
    git(project, "cherry-pick", "--abort")
    assert update(project) == 1
    assert (project / "site/views.py").read_text() == resolved
    git(project, "cherry-pick", "--abort")
    git(project, "config", "rerere.autoupdate", "true")
    assert update(project) == 1  # staged, but a person continues
    assert (project / "site/views.py").read_text() == resolved


def test_deletion_and_edit_conflict(template: Template, project: Path) -> None:
    (project / "site/views.py").write_text(VIEWS.replace("line 3\n", "line ours\n"))
    git(project, "rm", "-q", "site/models.py")
    commit(project, "Ours")
    (template.files / "site/views.py").unlink()
    template.edit("site/models.py", "model 3\n", "model theirs\n")
    template.release("v2")
    assert update(project) == 1
    assert stages(project) == {"site/views.py": "12", "site/models.py": "13"}
    assert "line ours" in (project / "site/views.py").read_text()


def test_binary_files_conflict(template: Template, project: Path) -> None:
    (project / "logo.ico").write_bytes(b"\0ours")
    commit(project, "Ours")
    template.write("logo.ico", b"\0theirs")
    template.release("v2")
    assert update(project) == 1
    assert stages(project) == {"logo.ico": "123"}
    assert (project / "logo.ico").read_bytes() == b"\0ours"


def test_file_that_both_added_conflicts(template: Template, project: Path) -> None:
    (project / "site/urls.py").write_text("ours\n")
    commit(project, "Ours")
    template.write("site/urls.py", "theirs\n")
    template.release("v2")
    assert update(project) == 1
    assert stages(project) == {"site/urls.py": "23"}


def test_same_file_that_both_added_is_no_conflict(template: Template, project: Path) -> None:
    (project / "site/urls.py").write_text("same\n")
    commit(project, "Ours")
    template.write("site/urls.py", "same\n")
    template.release("v2")
    assert update(project) == 0


def test_both_rename_a_file(template: Template, project: Path) -> None:
    git(project, "mv", "site/views.py", "site/ours.py")
    commit(project, "Ours")
    (template.files / "site/views.py").rename(template.files / "site/theirs.py")
    template.release("v2")
    assert update(project) == 1
    assert stages(project) == {
        "site/views.py": "1",
        "site/ours.py": "2",
        "site/theirs.py": "3",
    }


def test_modes_are_merged(template: Template, project: Path) -> None:
    (project / "site/models.py").chmod(0o755)
    (project / "site/views.py").write_text(VIEWS.replace("line 20\n", "line ours\n"))
    commit(project, "Ours")
    (template.files / "site/views.py").chmod(0o755)
    template.edit("site/models.py", "model 3\n", "model theirs\n")
    template.release("v2")
    assert update(project) == 0
    assert os.access(project / "site/models.py", os.X_OK)
    assert os.access(project / "site/views.py", os.X_OK)
    assert "line ours" in (project / "site/views.py").read_text()


def test_file_takes_the_place_of_a_directory(template: Template, project: Path) -> None:
    (template.files / "site/views.py").unlink()
    template.write("site/views.py/__init__.py", VIEWS)
    template.release("v2")
    assert update(project) == 0
    assert (project / "site/views.py/__init__.py").read_text() == VIEWS
    assert git(project, "status", "--porcelain") == ""


def test_ignored_file_in_the_way_is_not_replaced(
    template: Template, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "local.py").write_text("ours\n")
    template.write("local.py", "theirs\n")
    # The .gitignore of the project holds in the template, too.
    git(template.directory, "add", "--force", str(template.files / "local.py"))
    template.release("v2")
    before = files(project)
    assert update(project) == 1
    assert files(project) == before
    assert "local.py: is in the way of a file of the template" in capsys.readouterr().err


def test_dry_run_prints_conflicts(
    template: Template, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both_change(template, project)
    before = files(project)
    assert update(project, "--dry-run") == 1
    assert files(project) == before
    assert stages(project) == {}
    assert "conflict site/views.py" in capsys.readouterr().out


def test_hooks_of_the_repository_do_not_run(template: Template, project: Path) -> None:
    hook = project / ".git/hooks/pre-commit"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    template.write("site/urls.py", "urls\n")
    template.release("v2")
    assert update(project) == 0


def test_update_works_inside_a_hook_of_git(template: Template, project: Path) -> None:
    template.write("site/urls.py", "urls\n")
    template.release("v2")
    git(project, "config", "alias.follow", "!true")
    environment = {"GIT_DIR": str(template.directory / ".git"), "GIT_INDEX_FILE": "/nonexistent"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        assert update(project) == 0
    assert (project / "site/urls.py").read_text() == "urls\n"
    assert subprocess.run(
        ["git", "-C", str(template.directory), "status", "--porcelain"],
        capture_output=True, check=True,
    ).stdout == b""  # fmt: skip


def test_markers_that_were_committed_are_found(
    template: Template, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both_change(template, project)
    assert update(project) == 1
    git(project, "add", "--all")
    git(project, "-c", "core.editor=true", "cherry-pick", "--continue")
    assert update(project) == 1
    assert "site/views.py: still has the markers of a conflict" in capsys.readouterr().err
    (project / "site/views.py").write_text(VIEWS)
    commit(project, "Resolve")
    assert update(project) == 0
    assert "the update is complete" in capsys.readouterr().out
