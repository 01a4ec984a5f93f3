"""rsync-release on a machine that has neither rsync nor ssh keeps the same promises."""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from bootstrapper.deploy.remote.ssh import Ssh
from bootstrapper.errors import WorkFailed
from tests.support.bare_machine import path_without
from tests.support.checkouts import MIXED, ODD, RELEASED, check_out, make_live
from tests.support.recipe_runner import Push, push


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Push]:
    """A push to this machine, whose PATH has neither program."""
    monkeypatch.setenv("PATH", path_without(tmp_path / "programs"))
    assert shutil.which("rsync") is None
    with push(tmp_path) as made:
        yield made


def test_bare_release_is_the_checkout(bare: Push) -> None:
    check_out(bare, **MIXED, **{".ve.old/x": "", ".deploy/x": ""})
    (bare.checkout / "link").symlink_to("index.html")
    ran = bare.run("rsync-release").ok()
    release = bare.release(1)
    assert {path.relative_to(release).as_posix() for path in release.rglob("*")} == RELEASED
    assert os.readlink(release / "link") == "index.html"
    assert {
        path: stat.S_IMODE((release / path).stat().st_mode)
        for path in ("", "folder", "index.html", "run.sh")
    } == {"": 0o755, "folder": 0o755, "index.html": 0o644, "run.sh": 0o755}
    assert ran.stderr == ""
    assert ran.stdout.splitlines() == ["releases/1: 4 files, 4 of them sent (18 bytes)"]


def test_bare_release_links_what_has_not_changed(bare: Push) -> None:
    check_out(bare, changing="old", **{"mode.txt": "x", "new\nline": "same"})
    bare.run("rsync-release").ok()
    make_live(bare, 1)
    check_out(bare, changing="new", **{"mode.txt": "x", "new\nline": "same"})
    (bare.checkout / "mode.txt").chmod(0o700)
    bare.numbered(2)
    ran = bare.run("rsync-release").ok()
    first, second = bare.release(1), bare.release(2)
    for name in ("index.html", f"folder/{ODD}", "new\nline"):
        assert (second / name).samefile(first / name)
    assert (first / "changing").read_text() == "old"
    assert (second / "changing").read_text() == "new"
    assert stat.S_IMODE((first / "mode.txt").stat().st_mode) == 0o644
    assert stat.S_IMODE((second / "mode.txt").stat().st_mode) == 0o755
    assert ran.stdout.startswith("releases/2: 5 files, 2 of them sent (4 bytes)")


def test_bare_release_shares_and_never_writes_live_files(bare: Push) -> None:
    check_out(bare, **{"data/.gitkeep": ""})
    bare.run("rsync-release").ok()
    (bare.release(1) / "data/db").write_text("precious")
    make_live(bare, 1)
    bare.numbered(2)
    partial = bare.target / "releases/.2.partial"
    partial.mkdir()
    (partial / "left").write_text("of a push before")
    bare.run("rsync-release").ok()
    assert (bare.release(2) / "data/db").read_text() == "precious"
    assert not (bare.release(2) / "left").exists()
    assert not partial.exists()


def test_bare_machine_says_that_another_host_needs_ssh(bare: Push) -> None:
    with Ssh() as ssh:
        assert ssh.command(".", "true")[1:] == [".", "true"]
        with pytest.raises(WorkFailed, match="ssh: is not installed here"):
            ssh.command("www.example.org", "true")
