"""What is done in a release before visitors see it, with a generated project and a tiny one."""

import os
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.apache import loopback
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


@pytest.mark.parametrize("keep", ["0", "-1", "many", "1.5", " ", "al"])
def test_an_impossible_number_of_backups_is_refused(here: Push, keep: str) -> None:
    here.run("backup-database", KEEP_BACKUPS=keep, BACKUP_COMMAND="echo x").failed(
        f"KEEP_BACKUPS: '{keep}' is not a number from 1 on, nor all; nothing is done")
    assert os.listdir(here.target) == []


@pytest.mark.parametrize(("keep", "kept"), [
    ("all", [3, 7, 8, 9, 20]), ("1", [9]), ("2", [8, 9]), ("3", [7, 8, 9]), ("4", [3, 7, 8, 9]),
    ("", [3, 7, 8, 9, 20]), ("09", [3, 7, 8, 9, 20])])
def test_the_new_backup_is_always_kept(here: Push, keep: str, kept: list[int]) -> None:
    backups = here.target / "shared/backups"
    backups.mkdir(parents=True)
    for number in (3, 7, 8, 20):
        (backups / f"push-{number}.sqlite3").touch()
        os.utime(backups / f"push-{number}.sqlite3", (4e9, 4e9))  # a clock that was wrong
    here.numbered(9)
    here.run("backup-database", KEEP_BACKUPS=keep, BACKUP_COMMAND="echo x").ok()
    assert sorted(int(path.stem[5:]) for path in backups.iterdir()) == kept
    assert (backups / "push-9.backup").read_text() == "x\n"


def test_what_settings_print_is_not_in_the_name(here: Push, project: Path) -> None:
    release = give(here, project)
    settings = release / "shop/settings/production.py"
    settings.write_text(f"print('../hello')\n{settings.read_text()}")
    with closing(sqlite3.connect(release / "data/db.sqlite3")) as database:
        database.execute("CREATE TABLE notes (text)")
    ran = here.run("backup-database").ok()
    assert "../hello" in ran.stdout
    assert os.listdir(here.target / "shared/backups") == ["push-1.sqlite3"]


def test_a_damaged_database_is_told_without_traceback(here: Push, project: Path) -> None:
    release = give(here, project)
    (release / "data/db.sqlite3").write_text("no database" * 1000)
    ran = here.run("backup-database").failed("db.sqlite3: file is not a database")
    assert "Traceback" not in ran.stderr
    assert os.listdir(here.target / "shared/backups") == []


PROGRAMS = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"))), Path("/nowhere"))


@pytest.fixture
def postgresql() -> Iterator[str]:
    """The address of a real server without databases but its own; it runs as nobody's user."""
    directory = Path(tempfile.mkdtemp(prefix="postgresql"))
    user = "nobody" if os.getuid() == 0 else None
    if user:
        shutil.chown(directory, user)
    address = loopback()
    with socket.create_server((address, 0)) as probe:
        port = probe.getsockname()[1]

    def run(name: str, *words: str) -> None:
        subprocess.run([PROGRAMS / name, "-D", directory / "data", *words], user=user, check=True,
                       stdout=subprocess.DEVNULL, cwd="/", timeout=60)

    run("initdb", "--auth=trust", "--username=anna", "--no-sync")
    run("pg_ctl", "start", "-w", "-l", f"{directory}/log", "-o",
        f"-h {address} -p {port} -k '' -c fsync=off")
    try:
        yield f"postgres://anna:x@{address}:{port}"
    finally:
        run("pg_ctl", "stop", "-m", "immediate")
        shutil.rmtree(directory)


@pytest.mark.needs("pg_dump")
def test_a_real_postgresql_is_backed_up(
        here: Push, generate: Generate, postgresql: str) -> None:
    project = generate(project_slug="shop", database="postgresql")
    done = bootstrap(project)
    assert done.returncode == 0, done.stderr
    release = give(here, project)
    env = release / ".env"
    env.write_text(f"{env.read_text()}DATABASE_URL={postgresql}/postgres\n")
    here.run("migrate").ok()
    here.run("backup-database").ok()
    backup = here.target / "shared/backups/push-1.pg_dump"
    listed = subprocess.run(["pg_restore", "--list", backup], capture_output=True, text=True,
                            check=True).stdout
    assert "TABLE DATA public accounts_user" in listed
    env.write_text(f"{env.read_text()}DATABASE_URL={postgresql}/gone\n")
    ran = here.run("backup-database").failed('database "gone" does not exist',
                                             "pg_dump ended with status 1")
    assert "Traceback" not in ran.stderr
    assert os.listdir(backup.parent) == [backup.name]


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
def test_a_missing_manage_py_is_told(here: Push, recipe: str) -> None:
    here.release(1).mkdir(parents=True)
    here.run(recipe).failed(f"{here.release(1)}: no manage.py", "set MANAGE_DIRECTORY")
    here.run(recipe, MANAGE_DIRECTORY="src").failed("no src/manage.py")
