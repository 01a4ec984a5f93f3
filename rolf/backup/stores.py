"""The files outside of the database that its rows name: stored logs and kept checkouts.

A log moves from the database into the store, never back: first the object is stored, then a
transaction empties the row. So the snapshot of the database comes first. What it still has in a
row needs no object, and what it names was in the store before. Only retention removes objects; if
it does so meanwhile, the backup lists the object as missing, and a restore removes that log.
"""

import tempfile
from dataclasses import dataclass, field

from pushes.checkouts import keep
from pushes.logs import frames
from pushes.models import LogChunk, Push
from pushes.store.objects import StoreError, checkout_store, log_store

from .errors import BackupError

PREFIX = "stores/"


@dataclass(kw_only=True)
class Copied:
    """What a backup has of a store: the number of objects, and the names of those missing."""

    url: str = ""
    copied: int = 0
    elsewhere: int = 0  # objects that the rows name and the backup leaves where they are
    missing: list[str] = field(default_factory=list)


def objects(alias):
    """Yield (setting, name, SHA-256) of each object that the rows of a snapshot name."""
    stored = LogChunk.objects.using(alias).exclude(digest=None).order_by("push", "offset")
    for push, offset, digest in stored.values_list("push", "offset", "digest").iterator():
        yield "ROLF_LOG_STORE", frames.object_name(push, offset, digest), bytes(digest)
    kept = Push.objects.using(alias).exclude(checkout="").order_by("pk")
    for push, digest in kept.values_list("pk", "checkout").iterator():
        yield "ROLF_CHECKOUT_STORE", keep.object_name(push), bytes.fromhex(digest)


def stores():
    """Return the stores of the settings by the name of the setting."""
    found = {"ROLF_LOG_STORE": log_store(), "ROLF_CHECKOUT_STORE": checkout_store()}
    return {name: store for name, store in found.items() if store}


def copy(alias, writer, *, leave):
    """Add the objects of directories to an archive; return what was Copied, by setting.

    Objects of other stores, or with `leave` all of them, stay where they are.
    """
    here = stores()
    found = {name: Copied(url=store.address) for name, store in here.items()}
    for setting, name, digest in objects(alias):
        copied, store = found.setdefault(setting, Copied()), here.get(setting)
        if store is None:
            copied.missing.append(name)
        elif leave or not store.is_directory:
            copied.elsewhere += 1
        elif _add(writer, store, name, digest):
            copied.copied += 1
        else:
            copied.missing.append(name)
    return found


def _add(writer, store, name, digest):
    with tempfile.SpooledTemporaryFile(max_size=1024 * 1024) as file:
        try:
            for piece in store.pieces(name, digest):
                file.write(piece)
        except StoreError:
            return False
        size = file.tell()
        file.seek(0)
        writer.add_stream(f"{PREFIX}{name}", file, size)
    return True


def put(archive, alias):
    """Put the objects of an archive into the stores of this installation.

    Raise BackupError if the setting is missing, or the store does not answer.
    """
    wanted = set(archive.names(PREFIX))
    here = stores()
    for setting, name, digest in objects(alias):
        if f"{PREFIX}{name}" not in wanted:
            continue
        try:
            with tempfile.SpooledTemporaryFile(max_size=1024 * 1024) as file:
                for piece in archive.pieces(f"{PREFIX}{name}"):
                    file.write(piece)
                file.seek(0)
                here[setting].put(name, file, digest)
        except KeyError:
            raise BackupError(
                f"{setting} is not set, but the backup has files for it\n"
                "  next: ${EDITOR:-vi} .env  # the store, as docs/rolf-logs.md describes"
            ) from None
        except StoreError as error:
            raise BackupError(str(error)) from error
