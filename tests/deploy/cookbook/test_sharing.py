"""What releases share is linked into each, and never deleted."""

import os
import sqlite3
from contextlib import closing

import pytest

from tests.support.checkouts import ODD, check_out, make_live
from tests.support.recipe_runner import Push


def test_what_is_shared_is_linked_and_data_moves_there_from_the_first_release(here: Push) -> None:
    shared = here.target / "shared"
    shared.mkdir()
    (shared / ".env").write_text("SECRET_KEY=x")
    (shared / ODD).mkdir()
    (shared / "backups").mkdir()
    (shared / "maintenance.html").touch()
    check_out(
        here,
        **{
            "data/.gitkeep": "",
            "media/.gitkeep": "",
            ".env.example": "",
            "backups/models.py": "a part of the project",
        },
    )
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


@pytest.mark.parametrize(
    "paths",
    [
        "public public/uploads",
        "public/uploads public/",
        "a/../b",
        "/srv",
        ".",
        "./",
        "..",
        "-x",
        "./-x",
        "backups",
        "backups/today",
        "a/./b a//b/c",
        "x/..",
    ],
)
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
        "public is a link, so public/uploads is outside the release"
    )
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
