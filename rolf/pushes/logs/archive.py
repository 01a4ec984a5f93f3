"""Move the logs of pushes that ended a while ago into the store of logs.

Each chunk moves on its own: its frame is stored, read back and compared, and only then one
transaction empties the chunk's row. So a reader finds each chunk in one of the two places, and a
killed process loses nothing.
"""

import hashlib
import logging
from datetime import timedelta

from django.conf import settings
from django.db.models import F, OuterRef, Q, Subquery

from database import clock

from ..models import ACTIVE, STOPPED, LogChunk, Push
from ..store.objects import StoreError, log_store
from . import frames
from .join import finish

logger = logging.getLogger("rolf.logs")


def after_end(push):
    """Finish the log of a push that has just ended. Store it if the setting says so."""
    finish(push)
    if log_store() and not settings.LOG_STORE_AFTER:
        _store(due().filter(pk=push.pk))


def store_due():
    """Store all logs that are due. Return how many."""
    return _store(due()) if log_store() else 0


def due():
    """Return the pushes whose logs are to be stored.

    A push that a user can resume is not among them, because its log may grow.
    """
    begun = Push.objects.filter(deployment=OuterRef("deployment")).exclude(number=None)
    last = Subquery(begun.order_by("-number").values("pk")[:1])
    return (
        Push.objects.filter(
            stored=False,
            pruned=False,
            joined_bytes=F("log_bytes"),
            log_bytes__gt=0,
            ended__lte=clock.now() - timedelta(days=settings.LOG_STORE_AFTER),
        )
        .exclude(state__in=ACTIVE)
        .annotate(last=last)
        .filter(Q(last=None) | ~Q(pk=F("last")) | ~Q(state__in=STOPPED))
        .order_by("pk")
    )


def _store(pushes):
    """Store the logs of these pushes. Stop at the first failure; a later call tries again."""
    count = 0
    for push_id in list(pushes.values_list("pk", flat=True)):
        try:
            store_log(push_id)
        except StoreError as error:
            logger.warning(
                "the log of push id %s stays in the database: %s",
                push_id,
                error,
                extra={"push_id": push_id},
            )
            break
        count += 1
    return count


def store_log(push_id):
    """Move the chunks of a log into the store. Raise StoreError."""
    store = log_store()
    rows = LogChunk.objects.filter(push=push_id, digest=None).order_by("offset")
    while row := rows.first():
        frame = frames.pack(bytes(row.data), row.spans)
        digest = hashlib.sha256(frame).digest()
        name = frames.object_name(push_id, row.offset, digest)
        store.put(name, frame, digest)
        here = LogChunk.objects.filter(pk=row.pk)
        moved = here.filter(digest=None).update(data=b"", spans=[], digest=digest)
        if not moved and not here.exists():  # another process has removed this log
            store.delete(name)
    Push.objects.filter(pk=push_id).update(stored=True)


def delete_frames(push_id):
    """Delete what the store has of a log, before its rows go. Raise StoreError."""
    rows = LogChunk.objects.filter(push=push_id).exclude(digest=None)
    for offset, digest in rows.values_list("offset", "digest"):
        store = log_store()
        if store is None:
            raise StoreError("ROLF_LOG_STORE is not set, but logs are in a store")
        store.delete(frames.object_name(push_id, offset, digest))
