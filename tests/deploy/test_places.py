"""Projects in odd places and odd environments: each is pushed, or the message says why not."""

import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from tests.support.shop import HERE, Shop, git, open_shop
from tests.support.small_disk import read_only


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Its definition is committed: a clone has it."""
    shop = open_shop(tmp_path)
    shop.define(settings=HERE)
    shop.commit("one")
    return shop


def pushes(shop: Shop, project: Path, **variables: str) -> str:
    """A push from there works; returns what it says."""
    run = shop.run("deploy", project=project, **variables)
    assert run.returncode == 0, run.stdout + run.stderr
    assert (project / ".deploy/pushes/1/result.json").exists()
    return run.stdout


def test_a_project_reached_through_a_symbolic_link(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(shop.project)
    pushes(shop, tmp_path / "link", PWD=str(tmp_path / "link"))
    assert (shop.project / ".deploy/pushes/1").is_dir()


def test_a_second_work_tree_of_the_repository(shop: Shop, tmp_path: Path) -> None:
    git(shop.project, "worktree", "add", "-q", str(tmp_path / "second"))
    assert "not committed" not in pushes(shop, tmp_path / "second")


def test_a_submodule(shop: Shop, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "all")
    git(
        tmp_path / "all",
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "add",
        "-q",
        str(shop.repository),
        "shop",
    )
    pushes(shop, tmp_path / "all/shop")


def test_a_project_below_the_top_of_its_work_tree(shop: Shop) -> None:
    below = shop.project / "sites/shop"
    below.mkdir(parents=True)
    shutil.move(shop.project / "deploy", below / "deploy")
    shop.commit("two")
    (shop.project / "somebody else's").touch()
    assert "not committed" not in pushes(shop, below)
    assert shop.page() == "two"


def test_a_shallow_clone_says_that_it_does_not_know_the_commits(shop: Shop, tmp_path: Path) -> None:
    pushes(shop, shop.project)
    shop.commit("two")
    shop.commit("three")
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{shop.repository}", "shallow")
    run = shop.run("deploy", project=tmp_path / "shallow")
    assert run.returncode == 0
    assert "the commits since push 1 are not known here (git fetch)" in run.stdout
    assert shop.page() == "three"


def test_a_detached_head_pushes_the_branch_all_the_same(shop: Shop) -> None:
    shop.commit("two")
    git(shop.project, "checkout", "-q", "--detach", "HEAD~1")
    pushes(shop, shop.project)
    assert shop.page() == "two"


def test_a_project_that_is_no_git_repository(shop: Shop, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    shutil.copytree(shop.project / "deploy", plain / "deploy")
    pushes(shop, plain)
    assert "no commits since push 1" in shop.run("deploy", project=plain).stdout
    assert shop.run("rollback", project=plain).returncode == 0


def test_a_read_only_project_is_reported(shop: Shop, tmp_path: Path) -> None:
    with read_only(shop.project):
        run = shop.run("deploy")
    assert run.returncode == 1
    assert f"{shop.project}/.deploy: can't be written (Read-only file system)" in run.stderr
    assert "  # as its owner, on a writable disk: " in run.stderr
    assert not shop.live.exists()


@pytest.mark.parametrize("words", ["-u HOME", "-i", "HOME=/nonexistent", "-u USER -u LOGNAME"])
def test_an_environment_that_lacks_what_a_shell_has(shop: Shop, words: str) -> None:
    run = subprocess.run(
        ["env", *words.split(), *shop.command("deploy")],
        cwd=shop.project,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert shop.record(1)["user"]


@pytest.mark.parametrize("mask", ["077", "000"])
def test_any_umask_leaves_the_target_public_the_journal_private(shop: Shop, mask: str) -> None:
    command = " ".join(f"'{word}'" for word in shop.command("deploy"))
    subprocess.run(
        ["bash", "-c", f"umask {mask}; {command}"],
        cwd=shop.project,
        check=True,
        capture_output=True,
        stdin=subprocess.DEVNULL,
    )
    for path in (shop.live, *shop.live.rglob("*")):
        if path.is_symlink():
            continue
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode & 0o555 == 0o555 if path.is_dir() else mode & 0o444 == 0o444, path
        assert not mode & 0o022, path
    assert stat.S_IMODE((shop.project / ".deploy").stat().st_mode) == 0o700
