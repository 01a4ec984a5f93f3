"""The database is backed up before it is migrated, by the real programs."""

import os
import shutil
import socket
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import Generate, bootstrap
from tests.support.apache import loopback
from tests.support.programs import program
from tests.support.projects import give
from tests.support.recipe_runner import Push

IMPORTANT = "what visitors wrote"


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


def test_before_the_first_migration_there_is_nothing_to_back_up(here: Push, project: Path) -> None:
    give(here, project)
    assert "no database yet" in here.run("backup-database").ok().stdout
    assert os.listdir(here.target / "shared/backups") == []


def test_postgresql_is_dumped_with_the_password_in_no_command_line(
    here: Push, generate: Generate
) -> None:
    project = generate(project_slug="shop", database="postgresql")
    done = bootstrap(project)
    assert done.returncode == 0, done.stderr
    release = give(here, project)
    env = release / ".env"
    env.write_text(env.read_text() + "DATABASE_URL=postgres://anna:s3cret@db.example:5433/shop\n")
    program(
        release / "ve/bin/pg_dump",
        """
        printf '%s\\n' "$@" >"${0%/*}/words"
        while [ "$1" != --file ]; do shift; done
        echo "password: $PGPASSWORD" >"$2" """,
    )
    manage = release / "manage.py"
    manage.write_text(
        manage.read_text().replace(
            "import os\n", "import os\nos.environ['PATH'] = f've/bin:{os.environ[\"PATH\"]}'\n", 1
        )
    )
    here.run("backup-database").ok()
    words = (release / "ve/bin/words").read_text().splitlines()
    assert words == [
        "--format=custom",
        "--file",
        words[2],
        "-U",
        "anna",
        "-h",
        "db.example",
        "-p",
        "5433",
        "shop",
    ]
    assert (here.target / "shared/backups/push-1.pg_dump").read_text() == "password: s3cret\n"


def test_a_command_may_make_the_backup_and_only_some_are_kept(here: Push) -> None:
    here.release(1).mkdir(parents=True)
    backups = here.target / "shared/backups"
    for number in range(1, 5):
        here.run(
            "backup-database",
            RELEASE=str(number),
            KEEP_BACKUPS="2",
            BACKUP_COMMAND="echo 'it'\\''s \"all\"' | tr a-z A-Z",
        ).ok()
        os.utime(backups / f"push-{number}.backup", (number, number))
        (backups / "by hand.backup").touch()
    assert sorted(os.listdir(backups)) == ["by hand.backup", "push-3.backup", "push-4.backup"]
    assert (backups / "push-4.backup").read_text() == 'IT\'S "ALL"\n'


@pytest.mark.parametrize("command", ["echo half; exit 3", "false | cat", "true"])
def test_a_backup_that_fails_leaves_no_half_of_one(here: Push, command: str) -> None:
    here.release(1).mkdir(parents=True)
    here.run("backup-database", BACKUP_COMMAND=command).failed("the database is not backed up")
    assert os.listdir(here.target / "shared/backups") == []


@pytest.mark.parametrize("keep", ["0", "-1", "many", "1.5", " ", "al"])
def test_an_impossible_number_of_backups_is_refused(here: Push, keep: str) -> None:
    here.run("backup-database", KEEP_BACKUPS=keep, BACKUP_COMMAND="echo x").failed(
        f"KEEP_BACKUPS: '{keep}' is neither a number from 1 on nor all; nothing was done"
    )
    assert os.listdir(here.target) == []


@pytest.mark.parametrize(
    ("keep", "kept"),
    [
        ("all", [3, 7, 8, 9, 20]),
        ("1", [9]),
        ("2", [8, 9]),
        ("3", [7, 8, 9]),
        ("4", [3, 7, 8, 9]),
        ("", [3, 7, 8, 9, 20]),
        ("09", [3, 7, 8, 9, 20]),
    ],
)
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


def test_a_damaged_database_is_reported_without_traceback(here: Push, project: Path) -> None:
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
        subprocess.run(
            [PROGRAMS / name, "-D", directory / "data", *words],
            user=user,
            check=True,
            stdout=subprocess.DEVNULL,
            cwd="/",
            timeout=60,
        )

    run("initdb", "--auth=trust", "--username=anna", "--no-sync")
    run(
        "pg_ctl",
        "start",
        "-w",
        "-l",
        f"{directory}/log",
        "-o",
        f"-h {address} -p {port} -k '' -c fsync=off",
    )
    try:
        yield f"postgres://anna:x@{address}:{port}"
    finally:
        run("pg_ctl", "stop", "-m", "immediate")
        shutil.rmtree(directory)


@pytest.mark.needs("pg_dump")
def test_a_real_postgresql_is_backed_up(here: Push, generate: Generate, postgresql: str) -> None:
    project = generate(project_slug="shop", database="postgresql")
    done = bootstrap(project)
    assert done.returncode == 0, done.stderr
    release = give(here, project)
    env = release / ".env"
    env.write_text(f"{env.read_text()}DATABASE_URL={postgresql}/postgres\n")
    here.run("migrate").ok()
    here.run("backup-database").ok()
    backup = here.target / "shared/backups/push-1.pg_dump"
    listed = subprocess.run(
        ["pg_restore", "--list", backup], capture_output=True, text=True, check=True
    ).stdout
    assert "TABLE DATA public accounts_user" in listed
    env.write_text(f"{env.read_text()}DATABASE_URL={postgresql}/gone\n")
    ran = here.run("backup-database").failed(
        'database "gone" does not exist', "pg_dump ended with status 1"
    )
    assert "Traceback" not in ran.stderr
    assert os.listdir(backup.parent) == [backup.name]
