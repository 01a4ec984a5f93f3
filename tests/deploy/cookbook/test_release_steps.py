"""What is done in a release before visitors see it, with a generated project and a tiny one."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.programs import program
from tests.support.projects import give
from tests.support.recipe_runner import Push


def test_the_ve_is_built_in_the_release(anywhere: Push, tiny_project: Path) -> None:
    anywhere.release(1).parent.mkdir()
    shutil.copytree(tiny_project, anywhere.release(1))
    anywhere.run("bootstrap", REMOTE_PYTHON="python3").ok()
    tiny = subprocess.run([anywhere.release(1) / "ve/bin/tiny"], capture_output=True, text=True)
    assert tiny.stdout == "1.0\n"


def test_the_ve_is_built_in_place_where_there_are_no_releases(
    here: Push, tiny_project: Path
) -> None:
    shutil.copytree(tiny_project, here.target, dirs_exist_ok=True)
    here.run("bootstrap").ok()
    assert (here.target / "ve/bin/tiny").exists()


def test_a_ve_that_cannot_be_built_is_reported(here: Push, tiny_project: Path) -> None:
    here.run("bootstrap").failed("no bootstrap.py", "rsync-release")
    here.release(1).parent.mkdir()
    shutil.copytree(tiny_project, here.release(1))
    here.run("bootstrap", REMOTE_PYTHON="python 9").failed("there is no python 9")
    (here.release(1) / "requirements/src/tiny-1.0-py3-none-any.whl").write_text("corrupt")
    here.run("bootstrap").failed("tiny-1.0-py3-none-any.whl")


def test_the_database_is_migrated_and_a_second_time_nothing_is_left_to_do(
    anywhere: Push, project: Path
) -> None:
    give(anywhere, project)
    assert "Applying accounts.0001_initial" in anywhere.run("migrate").ok().stdout
    assert "No migrations to apply" in anywhere.run("migrate").ok().stdout


def test_two_pushes_never_migrate_at_once(here: Push) -> None:
    release = here.release(1)
    program(release / "manage.py", "mkdir busy; until [ -e go ]; do sleep 0.02; done; rmdir busy")
    first = here.start("migrate")
    while not (release / "busy").exists():
        assert first.poll() is None
        time.sleep(0.01)
    with here.start("migrate") as second:
        assert second.stdout
        assert second.stdout.readline() == b"waiting for another migration\n"
        (release / "go").touch()
        assert second.communicate(timeout=60) == (b"", b"")
    assert second.returncode == 0
    assert first.wait(60) == 0
    first.communicate()


def test_a_migration_that_takes_too_long_is_waited_for_no_longer(here: Push) -> None:
    release = here.release(1)
    program(release / "manage.py", "touch busy; sleep 300")
    with here.start("migrate") as first:
        while not (release / "busy").exists():
            time.sleep(0.01)
        try:
            here.run("migrate", MIGRATE_WAIT="0.2").failed(
                "has been running for more than 0.2 s", "  next: fuser -v "
            )
        finally:
            subprocess.run(
                ["fuser", "-k", here.target / ".deploy/migrate.lock"],
                capture_output=True,
                check=True,
            )
            first.communicate()


def test_a_migration_that_fails_is_reported(here: Push) -> None:
    program(here.release(1) / "manage.py", "echo 'no such table: shop_order' >&2; exit 1")
    here.run("migrate").failed(
        "no such table: shop_order", f".:{here.release(1)}, then resume the push"
    )


def test_a_rollback_says_that_migrations_are_not_undone(here: Push) -> None:
    program(here.release(1) / "manage.py", 'echo "$@"')
    ran = here.run("migrate", ROLLBACK_URL="push-production-1").ok()
    assert "a rollback does not undo migrations" in ran.stdout
    assert "migrate --noinput" in ran.stdout


def test_static_files_are_collected_and_those_of_pages_still_open_are_kept(
    anywhere: Push, project: Path
) -> None:
    release = give(anywhere, project, 2)
    live = anywhere.release(1) / "static/main"
    live.mkdir(parents=True)
    for name in ("site.0123456789ab.css", "site.css", "ancient.0123456789ab.css", "gone.css"):
        (live / name).write_text("old")
    os.utime(live / "ancient.0123456789ab.css", (1, 1))
    (anywhere.target / "current").symlink_to("releases/1")
    anywhere.numbered(2)
    ran = anywhere.run("collectstatic").ok()
    assert "static files copied to" in ran.stdout
    static = release / "static/main"
    assert (static / "site.0123456789ab.css").read_text() == "old"
    assert (static / "site.css").read_text() != "old"
    assert not (static / "ancient.0123456789ab.css").exists()
    assert not (static / "gone.css").exists()
    assert (static.parent / "staticfiles.json").exists()


def test_static_files_that_cannot_be_collected_are_reported(here: Push, project: Path) -> None:
    release = give(here, project)
    (release / ".env").unlink()
    here.run("collectstatic").failed("SECRET_KEY is not set", f"{release}, then resume the push")


def test_manage_py_may_be_in_a_directory(anywhere: Push, project: Path) -> None:
    release = give(anywhere, project)
    source = release / "src $1"
    source.mkdir()
    for path in list(release.iterdir()):
        if path not in (source, release / "ve"):
            path.rename(source / path.name)
    # As most projects have it: the Python of nowhere, and not executable.
    text = (source / "manage.py").read_text()
    (source / "manage.py").write_text(text.replace("#!ve/bin/python", "#!/usr/bin/env python9"))
    (source / "manage.py").chmod(0o644)
    anywhere.settings["MANAGE_DIRECTORY"] = "src $1/"
    anywhere.run("migrate").ok()
    assert (source / "data/db.sqlite3").exists()
    assert "push-1.sqlite3" in anywhere.run("backup-database").ok().stdout
    assert "static files copied" in anywhere.run("collectstatic").ok().stdout


@pytest.mark.parametrize("recipe", ["migrate", "collectstatic", "backup-database"])
def test_a_missing_manage_py_is_reported(here: Push, recipe: str) -> None:
    here.release(1).mkdir(parents=True)
    here.run(recipe).failed(f"{here.release(1)}: no manage.py", "set MANAGE_DIRECTORY")
    here.run(recipe, MANAGE_DIRECTORY="src").failed("no src/manage.py")
