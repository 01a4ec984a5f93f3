"""The checkout gets to the hosts, over what is live."""

import os

from tests.support.checkouts import ODD, check_out
from tests.support.recipe_runner import Push

KEPT = [
    ".env",
    "ve/bin/python",
    "data/db",
    "media/photo",
    "static/site.css",
    "shared/x",
    "releases/1/x",
    "current",
    "previous",
    "pushes.log",
    ".deploy/lock",
    "web/files/y",
]


def test_in_place_the_target_becomes_the_checkout_but_for_what_the_site_keeps(
    anywhere: Push,
) -> None:
    for path in [*KEPT, "removed.html", "removed/x", "app/static/removed"]:
        (anywhere.target / path).parent.mkdir(parents=True, exist_ok=True)
        (anywhere.target / path).write_text("of the target")
    check_out(anywhere, **{"data/.gitkeep": "", "app/static/site.css": "x", ".git/config": ""})
    ran = anywhere.run("rsync-in-place", SHARED_PATHS="web/files").ok()
    found = {
        path.relative_to(anywhere.target).as_posix()
        for path in anywhere.target.rglob("*")
        if path.is_file()
    }
    assert found == {*KEPT, "index.html", f"folder/{ODD}", "data/.gitkeep", "app/static/site.css"}
    assert all((anywhere.target / path).read_text() == "of the target" for path in KEPT)
    assert ran.stdout == "4 changed files\n"


def test_in_place_nothing_is_written_that_has_not_changed(here: Push) -> None:
    check_out(here)
    here.run("rsync-in-place").ok()
    before = (here.target / "index.html").stat()
    os.utime(here.checkout / "index.html", (1, 1))
    assert here.run("rsync-in-place").ok().stdout == "0 changed files\n"
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
    check_out(
        anywhere,
        **{
            "media/.gitkeep": "",
            "uploads */.gitkeep": "",
            "web/files/photo": "no",
            "unmounted/x": "",
            "inner/x": "",
        },
    )
    ran = anywhere.run("rsync-in-place").ok()
    for path in ("media", "uploads *", "web/files"):
        assert os.readlink(anywhere.target / path) == str(disk / path)
        assert f"{path} is a link on the host and stays" in ran.stderr
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
