"""Restore a backup into an installation: verify it, build beside, and replace at the end."""

import os
import shlex
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from database import clock
from encryption.fernet import keys
from encryption.key_file import key_id

from . import age, installation, pg_programs, place, rows, stores
from .archive import Archive
from .create import MEDIA, SEAL_KEY, SECRET_KEY, data, migrations
from .errors import BackupError
from .settle import Settled, settle
from .snapshot import PORTABLE, POSTGRESQL, SQLITE


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What a restore has done. `kept` is where the old database is, or ""."""

    settled: Settled
    kept: str


@contextmanager
def opened(path, identity=""):
    """Yield the Archive of a file whose content is verified. Raise BackupError.

    `identity` is the file of the key that decrypts it.
    """
    path = Path(path)
    try:
        with tempfile.TemporaryDirectory(dir=data(), prefix=".restore-") as directory:
            source = path
            if age.is_encrypted(path):
                if not identity:
                    raise BackupError(
                        f"{path}: it is encrypted\n"
                        f"  next: {sys.argv[0]} restore --identity KEY_FILE {path}"
                    )
                source = Path(directory, "backup.tar")
                age.decrypt(path, source, identity)
            with source.open("rb") as file:
                archive = Archive(file, str(path))
                archive.verify()
                yield archive
    except OSError as error:
        place_of = error.filename or data()
        raise BackupError(
            f"{place_of}: {error.strerror or error}\n  next: ls -ld {shlex.quote(str(place_of))}"
        ) from error


def refuse_unfit(archive, *, with_keys):
    """Raise BackupError if this release or this database cannot take the backup."""
    manifest, name = archive.manifest, archive.manifest["database"]["file"]
    if unknown := installation.unknown(manifest["migrations"]):
        raise BackupError(
            "the backup is of a newer release of Rolf, or of one with other options. "
            f"This release lacks {', '.join(unknown[:5])}\n"
            "  next: install the release that made the backup, then run this command there"
        )
    wanted = {"sqlite": SQLITE, "postgresql": POSTGRESQL}[connection.vendor]
    if name not in (wanted, PORTABLE):
        raise BackupError(
            f"the backup is of {manifest['database']['server']}, and this database is "
            f"{connection.display_name}\n"
            "  next: ./manage.py backup --portable FILE  # where the backup was made"
        )
    has_key = SEAL_KEY in manifest["files"]
    if with_keys and not has_key and not _here() & set(manifest["seal_keys"]):
        raise BackupError(
            f"the backup has no key, and this installation lacks {manifest['seal_keys'][0]}, "
            "which encrypted the secrets\n"
            f"  next: install -m 600 KEY_FILE {shlex.quote(str(settings.SEAL_KEY_FILE))}  "
            "# or, if it is lost: --without-keys"
        )
    for setting, each in manifest["stores"].items():
        if (each["copied"] or each["elsewhere"]) and setting not in stores.stores():
            raise BackupError(
                f"{setting} is not set, but the backup has {each['url']}\n"
                f"  next: ${{EDITOR:-vi}} {shlex.quote(str(settings.BASE_DIR))}/.env  # {setting}"
            )


def _here():
    """Return the ids of this installation's keys, without creating one."""
    if not settings.SEAL_KEYS and not settings.SEAL_KEY_FILE.exists():
        return set()
    return {key_id(key) for key in keys()}


def refuse_used(*, replace):
    """Raise BackupError if this installation is in use."""
    if running := installation.workers():
        raise BackupError(
            f"Rolf runs here: {', '.join(running)}\n"
            "  next: sudo systemctl stop rolf rolf-worker  # on all machines"
        )
    if installation.is_used() and not replace:
        raise BackupError(
            "this installation has users or pushes\n"
            f"  next: {sys.argv[0]} restore --replace FILE  # the old database is kept beside"
        )


def restore(archive, *, with_keys=True, run_queued=False):
    """Put a verified backup into this installation; return what was Restored.

    The database comes last. Until then the old one is as it was, and what was added is not used.
    """
    manifest = archive.manifest
    if with_keys:
        _restore_keys(archive)
    _restore_media(archive)
    stamp = f"{clock.now():%Y%m%dT%H%M%S}"
    used = installation.is_used()
    with installation.new_database(stamp) as kept:
        _fill(archive)
        if manifest["database"]["file"] != PORTABLE:
            call_command("migrate", verbosity=0, interactive=False)
        stores.put(archive, "default")
        settled = settle(manifest, run_queued=run_queued)
    return Restored(settled=settled, kept=kept() if used else "")


def _fill(archive):
    """Put the rows of the backup into the empty database."""
    name = archive.manifest["database"]["file"]
    if name == SQLITE:
        archive.extract(name, connection.settings_dict["NAME"])
        return
    with tempfile.TemporaryDirectory(dir=data(), prefix=".restore-") as directory:
        file = Path(directory, name)
        archive.extract(name, file)
        if name == POSTGRESQL:
            pg_programs.restore(file)
            return
        call_command("migrate", verbosity=0, interactive=False)
        if migrations("default") != archive.manifest["migrations"]:
            raise BackupError(
                "a portable backup needs the release that made it: the migrations differ\n"
                "  next: install that release, restore there, then upgrade"
            )
        if rows.load(file) != {k: n for k, n in archive.manifest["rows"].items() if n}:
            raise BackupError("the database has other numbers of rows than the backup")


def _restore_keys(archive):
    """Add the keys of the backup before those that are here, which still decrypt."""
    data().mkdir(mode=0o700, exist_ok=True)
    if SEAL_KEY in archive.manifest["files"] and not settings.SEAL_KEYS:
        path = settings.SEAL_KEY_FILE
        here = path.read_text().split() if path.exists() else []
        every = dict.fromkeys([*archive.read(SEAL_KEY).decode().split(), *here])
        _write(path, "".join(f"{key}\n" for key in every).encode())
    secret_key = data() / "secret_key"
    if SECRET_KEY in archive.manifest["files"] and not secret_key.exists():
        _write(secret_key, archive.read(SECRET_KEY))


def _write(path, content):
    beside = path.with_name(f"{path.name}.restoring")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    place.publish(beside, path)


def _restore_media(archive):
    for name in archive.names(MEDIA):
        path = Path(settings.MEDIA_ROOT, name.removeprefix(MEDIA))
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.restoring")
        archive.extract(name, beside)
        beside.chmod(settings.FILE_UPLOAD_PERMISSIONS)
        beside.replace(path)
