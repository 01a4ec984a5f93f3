"""What is done in a release before visitors see it, with a generated project and a tiny one."""

import os
import shutil
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import Generate, bootstrap
from tests.deploy.cookbook.programs import program
from tests.deploy.recipe_runner import Push

IMPORTANT = "what visitors wrote"


@pytest.fixture(scope="module")
def project(generate: Generate) -> Path:
    """A generated project with its ve."""
    directory = generate(project_slug="shop")
    done = bootstrap(directory)
    assert done.returncode == 0, done.stderr
    return directory


def give(push: Push, project: Path, number: int = 1) -> Path:
    """Put the project there as a release, with production's settings; returns where."""
    release = push.release(number)
    release.parent.mkdir(exist_ok=True)
    shutil.copytree(project, release, symlinks=True, ignore=shutil.ignore_patterns("data"))
    (release / "data").mkdir()
    (release / ".env").write_text(f"SECRET_KEY={'x9' * 30}\n")
    push.settings["DJANGO_SETTINGS_MODULE"] = "shop.settings.production"
    return release


def test_the_ve_is_built_in_the_release(anywhere: Push, tiny_project: Path) -> None:
    anywhere.release(1).parent.mkdir()
    shutil.copytree(tiny_project, anywhere.release(1))
    anywhere.run("bootstrap", REMOTE_PYTHON="python3").ok()
    tiny = subprocess.run([anywhere.release(1) / "ve/bin/tiny"], capture_output=True, text=True)
    assert tiny.stdout == "1.0\n"


def test_the_ve_is_built_in_place_where_there_are_no_releases(
        here: Push, tiny_project: Path) -> None:
    shutil.copytree(tiny_project, here.target, dirs_exist_ok=True)
    here.run("bootstrap").ok()
    assert (here.target / "ve/bin/tiny").exists()


def test_a_ve_that_cannot_be_built_is_told(here: Push, tiny_project: Path) -> None:
    here.run("bootstrap").failed("no bootstrap.py", "rsync-release")
    here.release(1).parent.mkdir()
    shutil.copytree(tiny_project, here.release(1))
    here.run("bootstrap", REMOTE_PYTHON="python 9").failed("there is no python 9")
    (here.release(1) / "requirements/src/tiny-1.0-py3-none-any.whl").write_text("corrupt")
    here.run("bootstrap").failed("tiny-1.0-py3-none-any.whl")


def test_the_database_is_migrated_and_a_second_time_nothing_is_left_to_do(
        anywhere: Push, project: Path) -> None:
    give(anywhere, project)
    assert "Applying accounts.0001_initial" in anywhere.run("migrate").ok().stdout
    assert "No migrations to apply" in anywhere.run("migrate").ok().stdout


def test_two_pushes_never_migrate_at_once(here: Push) -> None:
    release = here.release(1)
    program(release / "manage.py", 'mkdir busy; sleep 0.7; rmdir busy')
    first = here.start("migrate")
    while not (release / "busy").exists():
        assert first.poll() is None
        time.sleep(0.01)
    ran = here.run("migrate").ok()
    assert ran.stdout == "another migration is running; this one waits for it\n"
    assert first.wait(10) == 0
    first.communicate()


def test_a_migration_that_takes_too_long_is_waited_for_no_longer(here: Push) -> None:
    release = here.release(1)
    program(release / "manage.py", 'touch busy; sleep 5')
    with here.start("migrate") as first:
        while not (release / "busy").exists():
            time.sleep(0.01)
        try:
            here.run("migrate", MIGRATE_WAIT="0.2").failed("has been running for 0.2 s")
        finally:
            subprocess.run(["fuser", "-k", here.target / ".deploy/migrate.lock"],
                           capture_output=True, check=True)
            first.communicate()


def test_a_migration_that_fails_is_told(here: Push) -> None:
    program(here.release(1) / "manage.py", "echo 'no such table: shop_order' >&2; exit 1")
    here.run("migrate").failed("no such table: shop_order", f"{here.release(1)}, then: resume")


def test_a_rollback_says_that_migrations_are_not_undone(here: Push) -> None:
    program(here.release(1) / "manage.py", 'echo "$@"')
    ran = here.run("migrate", ROLLBACK_URL="push-production-1").ok()
    assert "migrations are not undone" in ran.stdout
    assert "migrate --noinput" in ran.stdout


def test_static_files_are_collected_and_those_of_pages_still_open_are_kept(
        anywhere: Push, project: Path) -> None:
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


def test_static_files_that_cannot_be_collected_are_told(here: Push, project: Path) -> None:
    release = give(here, project)
    (release / ".env").unlink()
    here.run("collectstatic").failed("SECRET_KEY is not set", f"{release}, then: resume")


def test_sqlite_is_backed_up_while_it_is_written_to(anywhere: Push, project: Path) -> None:
    release = give(anywhere, project)
    database = release / "data/db.sqlite3"
    with sqlite3.connect(database) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("CREATE TABLE notes (text)")
        writer.execute("INSERT INTO notes VALUES (?)", [IMPORTANT])
        writer.commit()
        writer.execute("INSERT INTO notes VALUES ('not yet committed')")
        ran = anywhere.run("backup-database").ok()
        writer.rollback()
    writer.close()
    backup = anywhere.target / "shared/backups/push-1.sqlite3"
    assert f"{backup}, " in ran.stdout
    copy = sqlite3.connect(backup)
    assert copy.execute("SELECT text FROM notes").fetchall() == [(IMPORTANT,)]
    copy.close()
    assert backup.stat().st_mode & 0o077 == 0
    assert backup.parent.stat().st_mode & 0o077 == 0


def test_before_the_first_migration_there_is_nothing_to_back_up(
        here: Push, project: Path) -> None:
    give(here, project)
    assert "no database yet" in here.run("backup-database").ok().stdout
    assert os.listdir(here.target / "shared/backups") == []


def test_postgresql_is_dumped_with_the_password_in_no_command_line(
        here: Push, generate: Generate) -> None:
    project = generate(project_slug="shop", database="postgresql")
    done = bootstrap(project)
    assert done.returncode == 0, done.stderr
    release = give(here, project)
    env = release / ".env"
    env.write_text(env.read_text() + "DATABASE_URL=postgres://anna:s3cret@db.example:5433/shop\n")
    program(release / "ve/bin/pg_dump", """
        printf '%s\\n' "$@" >"${0%/*}/words"
        while [ "$1" != --file ]; do shift; done
        echo "password: $PGPASSWORD" >"$2" """)
    manage = release / "manage.py"
    manage.write_text(manage.read_text().replace(
        "import os\n", "import os\nos.environ['PATH'] = f've/bin:{os.environ[\"PATH\"]}'\n", 1))
    here.run("backup-database").ok()
    words = (release / "ve/bin/words").read_text().splitlines()
    assert words == ["--format=custom", "--file", words[2], "-U", "anna", "-h", "db.example",
                     "-p", "5433", "shop"]
    assert (here.target / "shared/backups/push-1.pg_dump").read_text() == "password: s3cret\n"


def test_a_command_may_make_the_backup_and_only_some_are_kept(here: Push) -> None:
    here.release(1).mkdir(parents=True)
    backups = here.target / "shared/backups"
    for number in range(1, 5):
        here.run("backup-database", RELEASE=str(number), KEEP_BACKUPS="2",
                 BACKUP_COMMAND="echo 'it'\\''s \"all\"' | tr a-z A-Z").ok()
        os.utime(backups / f"push-{number}.backup", (number, number))
        (backups / "by hand.backup").touch()
    assert sorted(os.listdir(backups)) == ["by hand.backup", "push-3.backup", "push-4.backup"]
    assert (backups / "push-4.backup").read_text() == "IT'S \"ALL\"\n"


@pytest.mark.parametrize("command", ["echo half; exit 3", "false | cat", "true"])
def test_a_backup_that_fails_leaves_no_half_of_one(here: Push, command: str) -> None:
    here.release(1).mkdir(parents=True)
    here.run("backup-database", BACKUP_COMMAND=command).failed("the database is not backed up")
    assert os.listdir(here.target / "shared/backups") == []
