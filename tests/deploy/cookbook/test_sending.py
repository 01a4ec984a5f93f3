"""The checkout gets to the hosts, as a release."""

import os
import stat
from pathlib import Path

import pytest

from tests.support.checkouts import MIXED, RELEASED, check_out, make_live
from tests.support.recipe_runner import Push
from tests.support.small_disk import small_disk


def test_a_release_is_the_checkout_without_what_belongs_to_this_machine(anywhere: Push) -> None:
    check_out(anywhere, **MIXED)
    (anywhere.checkout / "link").symlink_to("index.html")
    ran = anywhere.run("rsync-release").ok()
    release = anywhere.release(1)
    assert {path.relative_to(release).as_posix() for path in release.rglob("*")} == RELEASED
    assert os.readlink(release / "link") == "index.html"
    assert ran.stderr == ""
    assert ran.stdout.startswith("releases/1: 4 files, 4 of them sent (")
    assert len(ran.stdout.splitlines()) == 1


@pytest.mark.parametrize("recipe", ["rsync-release", "rsync-in-place"])
def test_start_files_of_the_deployer_do_not_reach_rsync(
    here: Push, recipe: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    (home / ".bashrc").write_text('echo welcome; echo "$BASH_EXECUTION_STRING" >> ~/ran\n')
    check_out(here)
    here.run(recipe).ok()
    # What runs in place of the host reads it as a host does; rsync's own shell must not.
    assert "through" not in (home / "ran").read_text()


def test_modes_are_those_of_git_whatever_the_umask_was(here: Push) -> None:
    check_out(here, **{"run.sh": "#!/bin/sh\n"})
    here.run("rsync-release").ok()
    modes = {
        path: stat.S_IMODE((here.release(1) / path).stat().st_mode)
        for path in ("", "folder", "index.html", "run.sh")
    }
    assert modes == {"": 0o755, "folder": 0o755, "index.html": 0o644, "run.sh": 0o755}


def test_what_has_not_changed_since_the_current_release_is_linked_to_it(anywhere: Push) -> None:
    check_out(anywhere, changing="old")
    anywhere.run("rsync-release").ok()
    make_live(anywhere, 1)
    check_out(anywhere, changing="new")
    anywhere.numbered(2)
    ran = anywhere.run("rsync-release").ok()
    assert (anywhere.release(2) / "index.html").samefile(anywhere.release(1) / "index.html")
    assert (anywhere.release(1) / "changing").read_text() == "old"
    assert (anywhere.release(2) / "changing").read_text() == "new"
    assert " 1 of them sent " in ran.stdout


def test_a_missing_env_is_reported(here: Push) -> None:
    check_out(here, **{".env.example": ""})
    assert "shared/.env yet" in here.run("rsync-release").ok().stdout


def test_a_cut_push_leaves_no_release_and_is_taken_up_again(here: Push, tmp_path: Path) -> None:
    check_out(here, large="x" * 1000)
    unreachable = tmp_path / "bin"
    unreachable.mkdir()
    (unreachable / "rsync").write_text(
        '#!/bin/sh\n/usr/bin/rsync "$@" --exclude=index.html >/dev/null; exit 12\n'
    )
    (unreachable / "rsync").chmod(0o755)
    path = os.environ["PATH"]
    here.run("rsync-release", PATH=f"{unreachable}:{path}").failed(
        "some files were not sent; rsync ended with status 12", "then resume the push"
    )
    assert not here.release(1).exists()
    assert (here.target / "releases/.1.partial/large").exists()
    ran = here.run("rsync-release").ok()
    assert " 1 of them sent " in ran.stdout
    assert (here.release(1) / "index.html").exists()


def test_a_push_that_was_cut_after_the_rename_is_resumed(here: Push) -> None:
    check_out(here)
    here.run("rsync-release").ok()
    here.run("rsync-release").ok()
    assert (here.release(1) / "index.html").read_text() == "first"


def test_what_earlier_pushes_left_half_sent_is_removed(here: Push) -> None:
    check_out(here)
    (here.target / "releases/.7.partial/ve").mkdir(parents=True)
    here.run("rsync-release").ok()
    assert sorted(os.listdir(here.target / "releases")) == [".base", "1"]


def test_the_live_release_is_never_sent_over(here: Push) -> None:
    check_out(here)
    here.run("rsync-release").ok()
    make_live(here, 1)
    check_out(here, more="x")
    here.run("rsync-release").failed("is live and stays as it is")
    assert not (here.release(1) / "more").exists()


def test_an_empty_checkout_is_no_release(here: Push) -> None:
    here.run("rsync-release").failed(f"{here.checkout}: empty")
    here.run("rsync-in-place").failed("empty; sending it would delete all files in")


def test_a_full_disk_is_reported_and_not_left_full(here: Push) -> None:
    check_out(here)
    with small_disk(here.target, "2m"):
        here.run("rsync-release").ok()
        make_live(here, 1)
        (here.checkout / "large").write_bytes(os.urandom(3_000_000))
        here.numbered(2)
        here.run("rsync-release").failed("No space left on device", "rsync ended with status 11")
        (here.target / "log").write_bytes(b"x" * 1_000_000)
        assert (here.target / "current/index.html").read_text() == "first"
        assert not here.release(2).exists()


def test_a_host_that_cannot_be_reached_is_reported(here: Push) -> None:
    check_out(here)
    here.run("rsync-release", REMOTE_HOST="nowhere.invalid").failed("nowhere.invalid:")
    here.run("rsync-in-place", REMOTE_HOST="nowhere.invalid").failed("nowhere.invalid:")
