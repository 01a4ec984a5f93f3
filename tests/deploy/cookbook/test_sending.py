"""The checkout gets to the hosts: as a release, or over what is live."""

import os
import shutil
import sqlite3
import stat
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.deploy.recipe_runner import Push

ODD = 'it\'s "a" $file ünï'


def check_out(push: Push, **files: str) -> None:
    """Make these the files of the checkout, with the modes of somebody who is very private."""
    shutil.rmtree(push.checkout)
    for path, text in {"index.html": "first", f"folder/{ODD}": "odd", **files}.items():
        file = push.checkout / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    for place in push.checkout.rglob("*"):
        place.chmod(0o700 if place.is_dir() or place.suffix == ".sh" else 0o600)


def make_live(push: Push, number: int) -> None:
    """Switch the target to a release, as activate-release does."""
    link = push.target / "current"
    link.unlink(missing_ok=True)
    link.symlink_to(f"releases/{number}")


def test_a_release_is_the_checkout_without_what_belongs_to_this_machine(anywhere: Push) -> None:
    check_out(anywhere, **{"run.sh": "#!/bin/sh\n", ".git/config": "", "ve/bin/python": "",
                           "app/__pycache__/x.pyc": "", "app/ve/kept": ""})
    (anywhere.checkout / "link").symlink_to("index.html")
    ran = anywhere.run("rsync-release").ok()
    release = anywhere.release(1)
    found = {path.relative_to(release).as_posix() for path in release.rglob("*")}
    assert found == {"index.html", "folder", f"folder/{ODD}", "run.sh", "link", "app", "app/ve",
                     "app/ve/kept"}
    assert os.readlink(release / "link") == "index.html"
    assert ran.stderr == ""
    assert ran.stdout.startswith("releases/1: 4 files, 4 of them sent (")
    assert len(ran.stdout.splitlines()) == 1


def test_modes_are_those_of_git_whatever_the_umask_was(here: Push) -> None:
    check_out(here, **{"run.sh": "#!/bin/sh\n"})
    here.run("rsync-release").ok()
    modes = {path: stat.S_IMODE((here.release(1) / path).stat().st_mode)
             for path in ("", "folder", "index.html", "run.sh")}
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


def test_what_is_shared_is_linked_and_data_moves_there_from_the_first_release(here: Push) -> None:
    shared = here.target / "shared"
    shared.mkdir()
    (shared / ".env").write_text("SECRET_KEY=x")
    (shared / ODD).mkdir()
    (shared / "backups").mkdir()
    (shared / "maintenance.html").touch()
    check_out(here, **{"data/.gitkeep": "", "media/.gitkeep": "", ".env.example": "",
                       "backups/models.py": "a part of the project"})
    assert "there is no" not in here.run("rsync-release").ok().stdout
    (here.release(1) / "data/db").write_text("precious")
    make_live(here, 1)
    here.numbered(2)
    here.run("rsync-release").ok()
    release = here.release(2)
    assert (release / "data/db").read_text() == "precious"
    for name in (".env", "data", "media", ODD):
        assert os.readlink(release / name) == f"../../shared/{name}"
        assert (release / name).samefile(shared / name)
    assert (release / "backups/models.py").is_file()
    assert not (release / "maintenance.html").exists()


def test_shared_paths_are_linked_where_they_are_deep_down_and_nothing_else(here: Push) -> None:
    (here.target / "shared/other").mkdir(parents=True)
    check_out(here, **{"web/files/.gitkeep": "", "web/index.php": "x", "data/x": "of the project"})
    here.run("rsync-release", SHARED_PATHS="web/files private").ok()
    release = here.release(1)
    assert os.readlink(release / "web/files") == "../../../shared/web/files"
    assert (here.target / "shared/web/files/.gitkeep").exists()
    assert (release / "private").is_dir()
    assert (release / "data/x").read_text() == "of the project"
    assert not (release / "other").exists()


def test_a_shared_path_outside_of_the_release_is_refused(here: Push) -> None:
    check_out(here)
    (here.target / "precious").mkdir()
    for path in ("/", "../../precious", "web/../../../precious", ".."):
        here.run("rsync-release", SHARED_PATHS=path).failed(f"SHARED_PATHS: {path} is not inside")
    assert (here.target / "precious").is_dir()
    assert not here.release(1).exists()


@pytest.mark.parametrize("paths", [
    "public public/uploads", "public/uploads public/", "a/../b", "/srv", ".", "./", "..", "-x",
    "./-x", "backups", "backups/today", "a/./b a//b/c", "x/..",
])
def test_shared_paths_that_are_unsafe_are_refused(here: Push, paths: str) -> None:
    check_out(here, **{"public/index.html": "x"})
    uploads = here.target / "shared/public/uploads"
    uploads.mkdir(parents=True)
    (uploads / "photo").write_text("precious")
    for recipe in ("rsync-release", "rsync-in-place"):
        here.run(recipe, SHARED_PATHS=paths).failed("SHARED_PATHS: ")
    assert (uploads / "photo").read_text() == "precious"
    assert sorted(os.listdir(here.target)) == ["shared"]


def test_a_shared_path_is_taken_however_it_is_written(here: Push) -> None:
    check_out(here)
    here.run("rsync-release", SHARED_PATHS="./web//files/ web/files\nweb/./files private").ok()
    assert os.readlink(here.release(1) / "web/files") == "../../../shared/web/files"
    assert os.readlink(here.release(1) / "private") == "../../shared/private"


def test_shared_data_outlives_a_change_of_its_path(anywhere: Push) -> None:
    check_out(anywhere, **{"public/uploads/.gitkeep": "", "public/index.html": "x"})
    anywhere.run("rsync-release", SHARED_PATHS="public/uploads").ok()
    photo = anywhere.target / "shared/public/uploads/photo"
    photo.write_text("precious")
    for number, paths in enumerate(("public", "public/uploads", ""), 2):
        anywhere.numbered(number)
        anywhere.run("rsync-release", SHARED_PATHS=paths).ok()
        assert (anywhere.release(number) / "public/uploads/photo").read_text() == "precious"
        assert photo.read_text() == "precious"


@pytest.mark.parametrize("link", ["../../shared/public", "../../shared", "/srv", "folder"])
def test_a_committed_link_is_never_deleted_through(here: Push, link: str) -> None:
    photo = here.target / "shared/public/uploads/photo"
    photo.parent.mkdir(parents=True)
    photo.write_text("precious")
    check_out(here)
    (here.checkout / "public").symlink_to(link)
    here.run("rsync-release", SHARED_PATHS="public/uploads").failed(
        "public is a link, so public/uploads is not in the release")
    assert photo.read_text() == "precious"
    assert not here.release(1).exists()


def test_a_committed_link_to_shared_data_loses_nothing(here: Push) -> None:
    for path in ("shared/media/photo", "elsewhere/photo"):
        (here.target / path).parent.mkdir(parents=True)
        (here.target / path).write_text("precious")
    check_out(here)
    (here.checkout / "media").symlink_to("../../shared/media")
    (here.checkout / "data").symlink_to("../../elsewhere")
    here.run("rsync-release").ok()
    assert (here.release(1) / "media/photo").read_text() == "precious"
    assert (here.release(1) / "data/photo").read_text() == "precious"
    here.numbered(2)
    here.run("rsync-release", SHARED_PATHS="media/ data/").ok()
    assert (here.target / "elsewhere/photo").read_text() == "precious"
    assert (here.release(2) / "media/photo").read_text() == "precious"


def test_a_shared_file_is_linked_as_a_file(anywhere: Push) -> None:
    shared = anywhere.target / "shared"
    check_out(anywhere, **{"app.ini": "as committed", "NOTES": "x"})
    paths = "app.ini NOTES etc/site.conf db.sqlite3 .env conf.d/ logs"
    anywhere.run("rsync-release", SHARED_PATHS=paths).ok()
    (shared / "app.ini").write_text("of this host")
    make_live(anywhere, 1)
    anywhere.numbered(2)
    anywhere.run("rsync-release", SHARED_PATHS=paths).ok()
    release = anywhere.release(2)
    assert (release / "app.ini").read_text() == "of this host"
    assert (release / "NOTES").read_text() == "x"
    assert (shared / "NOTES").is_file()
    assert (shared / "conf.d").is_dir()
    assert (shared / "logs").is_dir()
    for missing in (".env", "db.sqlite3", "etc/site.conf"):
        assert (release / missing).is_symlink()
        assert not (release / missing).exists()
    with closing(sqlite3.connect(release / "db.sqlite3")) as database:
        database.execute("CREATE TABLE notes (text)")
        database.commit()
    assert (shared / "db.sqlite3").stat().st_size > 0
    (release / "etc/site.conf").write_text("made by the application")
    assert (shared / "etc/site.conf").is_file()


def test_a_file_that_moves_to_shared_is_a_copy(here: Push) -> None:
    check_out(here, **{"app.ini": "as committed"})
    here.run("rsync-release").ok()
    make_live(here, 1)
    here.numbered(2)
    here.run("rsync-release", SHARED_PATHS="app.ini").ok()
    (here.target / "shared/app.ini").write_text("changed")
    assert (here.release(1) / "app.ini").read_text() == "as committed"


def test_an_empty_directory_in_place_of_a_file_is_replaced(here: Push) -> None:
    check_out(here, **{"app.ini": "as committed"})
    for name in ("app.ini", "db.sqlite3", "old.d", "empty.d"):
        (here.target / "shared" / name).mkdir(parents=True)
    (here.target / "shared/old.d/kept").write_text("precious")
    here.run("rsync-release", SHARED_PATHS="app.ini db.sqlite3 old.d empty.d/").ok()
    release = here.release(1)
    assert (release / "app.ini").read_text() == "as committed"
    assert not (here.target / "shared/db.sqlite3").exists()
    assert (release / "old.d/kept").read_text() == "precious"
    assert (release / "empty.d").is_dir()


def test_a_shared_directory_may_be_a_link_to_a_disk(here: Push) -> None:
    disk = here.target.parent / "disk"
    disk.mkdir()
    (disk / "photo").write_text("precious")
    (here.target / "shared").mkdir()
    (here.target / "shared/media").symlink_to(disk)
    (here.target / "shared/data").symlink_to("/not mounted")
    check_out(here, **{"media/.gitkeep": "", "data/.gitkeep": ""})
    here.run("rsync-release").ok()
    assert (here.release(1) / "media/photo").read_text() == "precious"
    assert (here.release(1) / "data").is_symlink()
    assert os.readlink(here.target / "shared/data") == "/not mounted"


def test_a_missing_env_is_told(here: Push) -> None:
    check_out(here, **{".env.example": ""})
    assert "shared/.env yet" in here.run("rsync-release").ok().stdout


def test_a_cut_push_leaves_no_release_and_is_taken_up_again(here: Push, tmp_path: Path) -> None:
    check_out(here, large="x" * 1000)
    unreachable = tmp_path / "bin"
    unreachable.mkdir()
    (unreachable / "rsync").write_text(
        '#!/bin/sh\n/usr/bin/rsync "$@" --exclude=index.html >/dev/null; exit 12\n')
    (unreachable / "rsync").chmod(0o755)
    path = os.environ["PATH"]
    here.run("rsync-release", PATH=f"{unreachable}:{path}").failed(
        "not all could be sent, rsync's status is 12", "resume")
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
    here.run("rsync-release").failed("is what visitors see")
    assert not (here.release(1) / "more").exists()


def test_an_empty_checkout_is_no_release(here: Push) -> None:
    here.run("rsync-release").failed(f"{here.checkout}: empty")
    here.run("rsync-in-place").failed("empty, and would empty")


@pytest.fixture
def small_disk(here: Push) -> Iterator[Push]:
    """A target with room for two megabytes."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", here.target]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs to be root, and to mount a file system")
    yield here
    subprocess.run(["umount", here.target], check=True)


def test_a_full_disk_is_told_and_not_left_full(small_disk: Push) -> None:
    check_out(small_disk)
    small_disk.run("rsync-release").ok()
    make_live(small_disk, 1)
    (small_disk.checkout / "large").write_bytes(os.urandom(3_000_000))
    small_disk.numbered(2)
    small_disk.run("rsync-release").failed("No space left on device", "rsync's status is 11")
    (small_disk.target / "log").write_bytes(b"x" * 1_000_000)
    assert (small_disk.target / "current/index.html").read_text() == "first"
    assert not small_disk.release(2).exists()


def test_a_host_that_cannot_be_reached_is_told(here: Push) -> None:
    check_out(here)
    here.run("rsync-release", REMOTE_HOST="nowhere.invalid").failed("nowhere.invalid:")
    here.run("rsync-in-place", REMOTE_HOST="nowhere.invalid").failed("nowhere.invalid:")


KEPT = [".env", "ve/bin/python", "data/db", "media/photo", "static/site.css", "shared/x",
        "releases/1/x", "current", "previous", "pushes.log", ".deploy/lock", "web/files/y"]


def test_in_place_the_target_becomes_the_checkout_but_for_what_the_site_keeps(
        anywhere: Push) -> None:
    for path in [*KEPT, "removed.html", "removed/x", "app/static/removed"]:
        (anywhere.target / path).parent.mkdir(parents=True, exist_ok=True)
        (anywhere.target / path).write_text("of the target")
    check_out(anywhere, **{"data/.gitkeep": "", "app/static/site.css": "x", ".git/config": ""})
    ran = anywhere.run("rsync-in-place", SHARED_PATHS="web/files").ok()
    found = {path.relative_to(anywhere.target).as_posix()
             for path in anywhere.target.rglob("*") if path.is_file()}
    assert found == {*KEPT, "index.html", f"folder/{ODD}", "data/.gitkeep", "app/static/site.css"}
    assert all((anywhere.target / path).read_text() == "of the target" for path in KEPT)
    assert ran.stdout == "4 files have changed\n"


def test_in_place_nothing_is_written_that_has_not_changed(here: Push) -> None:
    check_out(here)
    here.run("rsync-in-place").ok()
    before = (here.target / "index.html").stat()
    os.utime(here.checkout / "index.html", (1, 1))
    assert here.run("rsync-in-place").ok().stdout == "0 files have changed\n"
    after = (here.target / "index.html").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_in_place_a_link_of_the_site_stays(anywhere: Push) -> None:
    disk = anywhere.target.parent / "disk"
    for path in ("media", "uploads *", "web/files", "inner"):
        (disk / path).mkdir(parents=True)
        (disk / path / "photo").write_text("precious")
    (anywhere.target / "web").mkdir()
    (anywhere.target / "shared").mkdir()
    for path in ("media", "uploads *", "web/files"):
        (anywhere.target / path).symlink_to(disk / path)
    (anywhere.target / "unmounted").symlink_to("/not mounted")
    (anywhere.target / "inner").symlink_to("shared")
    check_out(anywhere, **{"media/.gitkeep": "", "uploads */.gitkeep": "", "web/files/photo": "no",
                           "unmounted/x": "", "inner/x": ""})
    ran = anywhere.run("rsync-in-place").ok()
    for path in ("media", "uploads *", "web/files"):
        assert os.readlink(anywhere.target / path) == str(disk / path)
        assert f"{path} is a link there and stays" in ran.stderr
        assert [each.name for each in (disk / path).iterdir()] == ["photo"]
        assert (disk / path / "photo").read_text() == "precious"
    assert os.readlink(anywhere.target / "unmounted") == "/not mounted"
    assert os.readlink(anywhere.target / "inner") == "shared"
    assert (anywhere.target / "index.html").exists()
    assert not os.listdir(anywhere.target / "shared")


def test_in_place_a_kept_link_stays_where_the_checkout_has_nothing(here: Push) -> None:
    (here.target.parent / "disk").mkdir()
    for path in ("media", "uploads"):
        (here.target / path).symlink_to("../disk")
    check_out(here)
    here.run("rsync-in-place", SHARED_PATHS="uploads").ok()
    assert [os.readlink(here.target / path) for path in ("media", "uploads")] == ["../disk"] * 2


def test_in_place_a_link_of_the_project_is_replaced(here: Push) -> None:
    check_out(here)
    (here.checkout / "theme").symlink_to("folder")
    here.run("rsync-in-place").ok()
    assert (here.target / "theme").is_symlink()
    (here.checkout / "theme").unlink()
    (here.checkout / "theme").mkdir()
    (here.checkout / "theme/new").touch()
    here.run("rsync-in-place").ok()
    assert not (here.target / "theme").is_symlink()
    assert (here.target / "theme/new").exists()
    assert (here.target / "folder" / ODD).exists()


def test_in_place_a_shared_file_is_not_sent_over(here: Push) -> None:
    check_out(here, **{"app.ini": "as committed"})
    here.run("rsync-in-place", SHARED_PATHS="app.ini").ok()
    (here.target / "app.ini").write_text("of this host")
    here.run("rsync-in-place", SHARED_PATHS="app.ini").ok()
    assert (here.target / "app.ini").read_text() == "of this host"
