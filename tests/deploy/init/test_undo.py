"""`init --undo` gives every byte and mode back, loses no edit, and survives each kill."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bootstrapper.__main__ import main
from tests.deploy.init.conftest import content, init, run, write
from tests.deploy.init.killing import killed_runs
from tests.deploy.init.test_kills import visible
from tests.support.repository import git

FILE = "deploy/deployments.toml"
SECRETS = "deploy/secrets.env"


@pytest.fixture
def project(project: Path) -> Path:
    write(project, {"cpanfile": "", ".gitignore": "/local/\n"})
    return project


def state(directory: Path) -> dict[str, tuple[bytes, int]]:
    """Every file outside of .git with its content and its mode."""
    return {
        name: (text, (directory / name).stat().st_mode) for name, text in content(directory).items()
    }


def undo(directory: Path, *words: str, status: int = 0) -> str:
    done = run(directory, "init", "--undo", *words)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("old", [None, b"", b"a", b"a\r\nb\r\n", b"\xff\n", b"/.deploy/\n"])
def test_undo_gives_every_byte_and_mode_back(old: bytes | None, project: Path) -> None:
    (project / ".gitignore").unlink()
    if old is not None:
        (project / ".gitignore").write_bytes(old)
        (project / ".gitignore").chmod(0o640)
    before = state(project)
    init(project)
    assert state(project) != before
    assert undo(project) == "every file is as it was before init\n"
    assert state(project) == before


def test_undo_leaves_what_was_in_deploy_before(project: Path) -> None:
    write(project, {"deploy/notes.txt": "mine"})
    before = state(project)
    init(project)
    assert undo(project) == "every file is as it was before init\n"
    assert state(project) == before


def test_recipes_that_the_user_wrote_since_are_kept_and_named(project: Path) -> None:
    init(project)
    write(project, {"deploy/recipes/x.sh": ":\n"})
    kept = "kept: deploy/recipes, which init has not written; rm -r deploy deletes it\n"
    assert undo(project) == f"{kept}every file is as it was before init\n"
    assert (project / "deploy/recipes/x.sh").read_text() == ":\n"


def test_undo_without_init_is_refused(project: Path) -> None:
    write(project, {FILE: "mine"})
    before = state(project)
    assert "there is no such file: init has changed nothing here\n" in undo(project, status=2)
    assert state(project) == before


def test_second_undo_is_refused(project: Path) -> None:
    init(project)
    undo(project)
    before = state(project)
    undo(project, status=2)
    assert state(project) == before


def test_edited_definition_is_kept_and_the_command_moves_it(project: Path) -> None:
    before = state(project)
    init(project)
    write(project, {FILE: "mine", f"{FILE}.mine": "older"})
    edited = state(project)
    printed = undo(project, status=2)
    assert f": {FILE}: was changed since init\n" in printed
    assert state(project) == edited
    subprocess.run(["bash", "-ec", printed.partition("next: ")[2]], cwd=project, check=True)
    after = state(project)
    assert after.pop(f"{FILE}.mine1")[0] == b"mine"
    assert after.pop(f"{FILE}.mine")[0] == b"older"
    assert after.pop("deploy")
    assert after == before


def test_lines_of_the_user_in_gitignore_stay(project: Path) -> None:
    init(project)
    file = project / ".gitignore"
    file.write_text(f"first\n{file.read_text()}last\n")
    undo(project)
    assert file.read_text() == "first\n/local/\nlast\n"


def test_gitignore_without_the_lines_stays_as_the_user_left_it(project: Path) -> None:
    init(project)
    (project / ".gitignore").write_text("/other/\n")
    undo(project)
    assert (project / ".gitignore").read_text() == "/other/\n"


def test_lines_that_the_user_changed_are_kept_and_named(project: Path) -> None:
    init(project)
    (project / ".gitignore").write_text("/.deploy/\n/other/\n")
    edited = state(project)
    printed = undo(project, status=2)
    assert ".gitignore: was changed since init\n" in printed
    assert "  # delete the lines /.deploy/ and /deploy/secrets.env, then: " in printed
    assert state(project) == edited


def test_secrets_are_not_left_for_git_to_take(project: Path) -> None:
    init(project)
    write(project, {SECRETS: "TOKEN=s3cr3t\n", "../shop-secrets.env": "others"})
    edited = state(project)
    printed = undo(project, status=2)
    assert state(project) == edited
    subprocess.run(["bash", "-ec", printed.partition("next: ")[2]], cwd=project, check=True)
    assert (project.parent / "shop-secrets.env").read_text() == "others"
    assert (project.parent / "shop-secrets.env1").read_text() == "TOKEN=s3cr3t\n"
    assert not (project / "deploy").exists()


def test_journal_of_pushes_stays_and_is_hidden_from_git(project: Path) -> None:
    init(project)
    write(project, {".deploy/pushes/1/output.log": "done"})
    printed = undo(project)
    assert "kept: .deploy/pushes, which init has not written; rm -r .deploy deletes it" in printed
    assert (project / ".deploy/pushes/1/output.log").read_text() == "done"
    assert ".deploy" not in git(project, "status", "--porcelain")


def test_dry_run_of_undo_changes_nothing(project: Path) -> None:
    init(project)
    before = state(project)
    printed = undo(project, "--dry-run")
    assert printed == f"would be as before init: {FILE}\nwould be as before init: .gitignore\n"
    assert state(project) == before


def test_undo_after_a_second_init_returns_to_before_the_first(project: Path) -> None:
    before = state(project)
    init(project)
    (project / FILE).unlink()
    init(project, "--set", "REMOTE_HOST=app1")
    undo(project)
    assert state(project) == before


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"ignore": {"old": 1}}', "\udcff"])
def test_damaged_record_is_refused(text: str, project: Path) -> None:
    init(project)
    (project / ".deploy/init/record.json").write_text(text, errors="surrogateescape")
    before = state(project)
    assert ".deploy/init/record.json: can't be read: " in undo(project, status=2)
    assert state(project) == before


def test_link_that_took_the_place_of_a_file_is_refused(project: Path, tmp_path: Path) -> None:
    init(project)
    other = tmp_path / "others.toml"
    shutil.move(project / FILE, other)
    (project / FILE).symlink_to(other)
    undo(project, status=2)
    assert other.is_file()
    assert (project / FILE).is_symlink()


def states(project: Path) -> tuple[Path, dict[str, str], list[dict[str, str]]]:
    """A copy of a project after init, what git saw before it, and what it may see at each instant."""
    git(project, "add", "-A")
    before = visible(project)
    init(project)
    after = visible(project)
    saved = project.with_name("saved")
    shutil.copytree(project, saved)
    return saved, before, [before, after, {name: after[name] for name in before}]


def test_kills_of_undo_leave_before_or_after(project: Path) -> None:
    saved, before, allowed = states(project)
    seen = []
    for number in killed_runs(project, saved, "--undo", writing=".deploy/init/ignore"):
        found = visible(project)
        assert found in allowed, number
        seen.append(found == before)
        again(project)
        assert visible(project) == before
        assert not (project / "deploy").exists()
        assert not (project / ".deploy").exists()
    assert set(seen) == {False, True}


def again(project: Path) -> None:
    """Undo once more, unless the killed one has removed its record, its last step."""
    status = 0 if (project / ".deploy/init/record.json").exists() else 2
    assert main(["init", "--undo", "--project", str(project)]) == status


@pytest.mark.needs("strace")
@pytest.mark.parametrize(
    ("next_command", "call"),
    [
        *(("undo", call) for call in ("mkdir", "rename", "unlink", "rmdir", "fsync")),
        *(("init", call) for call in ("rename", "unlink")),
    ],
)
def test_undo_killed_at_each_call_is_completed(next_command: str, call: str, project: Path) -> None:
    saved, before, allowed = states(project)
    complete = content(project)
    for number in range(1, 20):
        shutil.rmtree(project)
        shutil.copytree(saved, project)
        command = [
            *("strace", "-qq", "-o", "/dev/null", "-e", f"trace=/^{call}(at|at2)?$"),
            *("-e", f"inject=/^{call}(at|at2)?$:signal=KILL:when={number}"),
            *(sys.executable, "-B", "-m", "bootstrapper", "init", "--undo"),
        ]
        done = subprocess.run(command, cwd=project, capture_output=True, check=False)
        assert visible(project) in allowed, number
        if next_command == "init":
            assert main(["init", "--yes", "--project", str(project)]) == 0
            assert content(project) == complete, number
            again(project)
        else:
            again(project)
        assert visible(project) == before, number
        if done.returncode == 0:
            break
    assert done.returncode == 0
    assert number > 1 or call == "mkdir", "strace has killed nothing"
