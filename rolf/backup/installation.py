"""The database of this installation, where a restore puts the rows of a backup."""

import sqlite3
from contextlib import closing, contextmanager
from pathlib import Path

from django.db import connection, connections, transaction
from django.db.migrations.loader import MigrationLoader

from accounts.models import User
from pushes.models import Push, Worker

from . import place
from .errors import BackupError

ASIDE = "before_restore"


def is_used():
    """Return whether the database has users or pushes."""
    if connection.vendor == "sqlite" and not Path(connection.settings_dict["NAME"]).exists():
        return False
    tables = connection.introspection.table_names()
    return any(model._meta.db_table in tables and model.objects.exists() for model in (User, Push))


def workers():
    """Return the names of the workers that run."""
    if Worker._meta.db_table not in connection.introspection.table_names():
        return []
    dead = [worker.pk for worker in Worker.objects.dead()]
    return [str(worker) for worker in Worker.objects.filter(ended=None).exclude(pk__in=dead)]


def unknown(migrations):
    """Return the migrations of a backup that this release does not have."""
    loader = MigrationLoader(None)
    known = set(loader.disk_migrations)
    known |= {each for found in loader.disk_migrations.values() for each in found.replaces}
    labels = [(label, name) for label, names in migrations.items() for name in names]
    return [f"{label}.{name}" for label, name in labels if (label, name) not in known]


@contextmanager
def new_database(stamp):
    """Let the connection lead to an empty database, which replaces the old one afterwards.

    Yield a function that returns where the old one is kept. If the body raises an error, the old
    database is as it was. Raise BackupError.
    """
    engines = {"sqlite": _new_file, "postgresql": _new_schema}
    with engines[connection.vendor](stamp) as kept:
        yield kept


@contextmanager
def _new_file(stamp):
    """Fill a file beside the database, then rename it."""
    connection.close()
    settings = connections["default"].settings_dict
    path = Path(settings["NAME"])
    beside = path.with_name(f"{path.name}.restoring")
    old = path.with_name(f"{path.name}.{ASIDE}-{stamp}")
    _remove(beside)
    settings["NAME"] = beside
    try:
        yield lambda: str(old) if old.exists() else ""
        connection.close()
        if path.exists():
            _end_write_ahead_log(path)
            old.hardlink_to(path)
        place.publish(beside, path)
    finally:
        connection.close()
        settings["NAME"] = path
        _remove(beside)


def _remove(path):
    for ending in ("", "-wal", "-shm"):
        path.with_name(f"{path.name}{ending}").unlink(missing_ok=True)


def _end_write_ahead_log(path):
    """Bring all of an SQLite database into its one file. Raise BackupError if a process has it."""
    with closing(sqlite3.connect(path)) as old:
        old.execute("PRAGMA journal_mode=DELETE")
        [[mode]] = old.execute("PRAGMA journal_mode").fetchall()
    if mode != "delete":
        raise BackupError(f"{path}: a process still uses it\n  next: sudo fuser -v {path}")


@contextmanager
def _new_schema(stamp):
    """Rename the schema, and fill a new one of its name."""
    aside = f"{ASIDE}_{stamp}".lower()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        [schema] = cursor.fetchone()
    has_tables = bool(connection.introspection.table_names())
    if has_tables:
        _execute(f'ALTER SCHEMA "{schema}" RENAME TO "{aside}"', f'CREATE SCHEMA "{schema}"')
    try:
        yield lambda: f"schema {aside}" if has_tables else ""
    except BaseException:
        _execute(f'DROP SCHEMA "{schema}" CASCADE')
        if has_tables:
            _execute(f'ALTER SCHEMA "{aside}" RENAME TO "{schema}"')
        else:
            _execute(f'CREATE SCHEMA "{schema}"')
        raise


def _execute(*statements):
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
