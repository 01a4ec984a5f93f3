"""One consistent state of the database while Rolf runs. Neither readers nor writers wait for it."""

import sqlite3
from contextlib import closing, contextmanager
from pathlib import Path

from django.db import connections, transaction

from . import pg_programs, rows
from .errors import BackupError

ALIAS = "snapshot"
SQLITE, POSTGRESQL, PORTABLE = "database.sqlite3", "database.pgdump", "database.jsonl.gz"


@contextmanager
def snapshot(directory, *, portable):
    """Yield (alias of a connection that reads the snapshot, name of its file in `directory`).

    The file is a copy of SQLite's, a dump of PostgreSQL, or with `portable` rows of either. Raise
    BackupError.
    """
    vendor = connections["default"].vendor
    if vendor not in _ENGINES:
        raise BackupError(f"{vendor}: Rolf can back up SQLite and PostgreSQL only")
    connections.databases[ALIAS] = {**connections["default"].settings_dict}
    try:
        with _ENGINES[vendor](directory, portable) as name:
            if portable:
                rows.dump(ALIAS, directory / PORTABLE)
                name = PORTABLE
            yield ALIAS, name
    finally:
        connections[ALIAS].close()
        del connections[ALIAS]
        del connections.databases[ALIAS]


@contextmanager
def _sqlite(directory, portable):
    copy = directory / SQLITE
    with (
        closing(sqlite3.connect(_address(connections["default"]), uri=True, timeout=20)) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)  # in one step, so in one transaction that reads
        target.execute("PRAGMA journal_mode=DELETE")  # one file, not three
        check(target)
    connections.databases[ALIAS] |= {"NAME": copy, "OPTIONS": {}}
    yield SQLITE


def _address(connection):
    """Return the URI of an SQLite file, which the connection must not create."""
    name = str(connection.settings_dict["NAME"])
    return name if name.startswith("file:") else f"{Path(name).absolute().as_uri()}?mode=rw"


def check(connection):
    """Raise BackupError if an SQLite database is damaged."""
    [[result]] = connection.execute("PRAGMA quick_check(1)").fetchall()
    if result != "ok":
        raise BackupError(f"the database is damaged: {result}")


@contextmanager
def _postgresql(directory, portable):
    with transaction.atomic(using=ALIAS), connections[ALIAS].cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        # It waits for pg_dump.
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SELECT pg_export_snapshot()")
        [exported] = cursor.fetchone()
        if not portable:
            pg_programs.dump(directory / POSTGRESQL, exported)
        yield POSTGRESQL


_ENGINES = {"sqlite": _sqlite, "postgresql": _postgresql}
