"""Create a backup: the snapshot of the database first, then what its rows name, then the rest."""

import platform
import shlex
from dataclasses import asdict
from pathlib import Path

import django
from django.conf import settings
from django.db import connections
from django.db.migrations.recorder import MigrationRecorder

import audit
from audit.models import Head
from database import clock
from encryption.fernet import keys
from encryption.key_file import key_id

from . import age, place, rows, stores
from .archive import Archive, Writer
from .errors import BackupError
from .snapshot import SQLITE, snapshot

KEYS, ENV, MEDIA = "keys/", "env", "media/"
SECRET_KEY, SEAL_KEY = f"{KEYS}secret_key", f"{KEYS}seal.key"


def create(path, *, with_keys=True, with_stores=True, portable=False, recipient=""):
    """Write a backup; return (its path, its manifest). Raise BackupError.

    `path` is a file, or a directory where it gets a name. `recipient` is a public key of age.
    """
    at = clock.now()
    path = place.target(path, at, recipient)
    try:
        with place.build_beside(path) as directory:
            built = directory / "backup.tar"
            manifest = _write(built, directory, at, with_keys, with_stores, portable)
            with built.open("rb") as file:
                Archive(file, str(path)).verify()
            if recipient:
                age.encrypt(built, directory / "backup.age", recipient)
                built = directory / "backup.age"
            place.publish(built, path)
    except OSError as error:
        raise BackupError(
            f"{error.filename or path}: {error.strerror or error}; an older backup stays as it is\n"
            f"  next: df -h {shlex.quote(str(path.parent))}"
        ) from error
    audit.record("backup.created", target=path.name, keys=with_keys and not settings.SEAL_KEYS)
    return path, manifest


def _write(built, directory, at, with_keys, with_stores, portable):
    """Write the archive; return its manifest."""
    before = keys()  # a rotation may drop one of them while the database is copied
    with built.open("xb") as file, snapshot(directory, portable=portable) as (alias, name):
        writer = Writer(file)
        writer.add(name, directory / name)
        if name != SQLITE:  # that file is the snapshot
            (directory / name).unlink()
        facts = {
            "created": at.isoformat(timespec="seconds"),
            "database": {"file": name, "server": _server()},
            "versions": {"python": platform.python_version(), "django": django.__version__},
            "migrations": migrations(alias),
            "rows": rows.count(alias),
            "audit_head": str(Head.objects.using(alias).get().mark),
            "seal_keys": [key_id(key) for key in before],
        }
        copied = stores.copy(alias, writer, leave=not with_stores)
        _add_files(writer, before, with_keys)
        facts["stores"] = {setting: asdict(each) for setting, each in copied.items()}
        writer.close(facts)
    return facts


def _server():
    """Return the name and the version of the database's server."""
    connection = connections["default"]
    version = ".".join(map(str, connection.get_database_version()))
    return f"{connection.display_name} {version}"


def migrations(alias):
    """Return the names of the applied migrations by their application."""
    found = {}
    for label, name in MigrationRecorder(connections[alias]).applied_migrations():
        found.setdefault(label, []).append(name)
    return {label: sorted(names) for label, names in sorted(found.items())}


def _add_files(writer, before, with_keys):
    if with_keys:
        if not settings.SEAL_KEYS:
            every = dict.fromkeys([*keys(), *before])
            writer.add_bytes(SEAL_KEY, "".join(f"{key}\n" for key in every).encode())
        for name, path in ((SECRET_KEY, data() / "secret_key"), (ENV, dotenv())):
            if path.is_file():
                writer.add(name, path)
    media = Path(settings.MEDIA_ROOT)
    for path in sorted(media.rglob("*")):
        if path.is_file() and not path.is_symlink() and path.name != ".gitkeep":
            writer.add(f"{MEDIA}{path.relative_to(media)}", path)


def data():
    """Return the directory of keys."""
    return Path(settings.BASE_DIR) / "data"


def dotenv():
    """Return the file of settings."""
    return Path(settings.BASE_DIR) / ".env"
