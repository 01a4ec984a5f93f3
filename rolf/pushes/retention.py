"""Which old logs Rolf removes. It keeps the logs of pushes that a user may still roll back to."""

import logging
from datetime import timedelta

from bootstrapper.deploy.events.event import State
from django.conf import settings
from django.db import transaction
from django.db.models import F, OuterRef, Q, Subquery, Sum

from database import clock

from .logs.archive import delete_frames
from .models import ACTIVE, LogChunk, LogIndex, Push
from .rollback import live_push
from .store.objects import StoreError

NEWEST = 20  # pushes of each deployment that keep their logs, however old they are
GOOD = 10  # the same for pushes that succeeded
MB = 1_000_000

logger = logging.getLogger("rolf.logs")


def removals():
    """Return the pushes whose logs are to be removed, each with the reason, as (push, reason).

    Their rows stay, with all that a rollback needs: snapshot, record and settings. The logs of
    the live push, of the last GOOD pushes that succeeded and of the last push always stay.
    """
    live = {}
    found = {}

    def take(pushes, reason, excess=None):
        """Add pushes from the oldest on; with `excess`, only until that many bytes are found."""
        for push in pushes.listed().select_related("deployment__application").iterator():
            if excess is not None and excess <= 0:
                break
            if push.deployment_id not in live:
                live[push.deployment_id] = live_push(push.deployment)
            if push.pk not in found and push != live[push.deployment_id]:
                found[push.pk] = push, reason
                excess = None if excess is None else excess - push.log_bytes

    take(_old(), f"after {settings.KEEP_LOGS} days")
    whole = Push.objects.filter(pruned=False).order_by()
    if limit := settings.KEEP_DEPLOYMENT_LOGS_MB:
        sums = whole.values("deployment").annotate(bytes=Sum("log_bytes"))
        for row in sums.filter(bytes__gt=limit * MB):
            mine = [push for push, _ in found.values() if push.deployment_id == row["deployment"]]
            excess = row["bytes"] - _bytes(mine) - limit * MB
            take(
                _removable().filter(deployment=row["deployment"]),
                f"because its deployment had more than {limit:,} MB of output",
                excess,
            )
    if limit := settings.KEEP_LOGS_MB:
        total = whole.aggregate(bytes=Sum("log_bytes"))["bytes"] or 0
        excess = total - _bytes(push for push, _ in found.values()) - limit * MB
        take(_removable(), f"because Rolf had more than {limit:,} MB of output", excess)
    return list(found.values())


def _bytes(pushes):
    return sum(push.log_bytes for push in pushes)


def _removable():
    """Return the pushes whose logs Rolf does not need, the oldest first."""
    own = Push.objects.filter(deployment=OuterRef("deployment")).order_by("-pk").values("pk")
    begun = Push.objects.filter(deployment=OuterRef("deployment")).exclude(number=None)
    # The oldest push to keep of each kind; null if there are fewer, and then all of them stay.
    return (
        Push.objects.exclude(state__in=ACTIVE)
        .exclude(pruned=True)
        .annotate(
            last=Subquery(own[:1]),
            begun=Subquery(begun.order_by("-number").values("pk")[:1]),
            newest=Subquery(own[NEWEST - 1 : NEWEST]),
            good=Subquery(own.filter(state=State.SUCCEEDED)[GOOD - 1 : GOOD]),
        )
        .filter(ended__isnull=False, pk__lt=F("last"))
        .filter(Q(begun=None) | ~Q(pk=F("begun")))  # a user may resume it
        .filter(~Q(state=State.SUCCEEDED) | Q(good__isnull=False, pk__lt=F("good")))
        .order_by("ended", "pk")
    )


def _old():
    """Return the pushes whose logs are too old."""
    begin = clock.now() - timedelta(days=settings.KEEP_LOGS)
    return _removable().filter(ended__lt=begin, newest__isnull=False, pk__lt=F("newest"))


def prune():
    """Remove the old logs. Return (how many, how many bytes)."""
    count = freed = 0
    away = False
    for push, reason in removals():
        if push.stored and away:
            continue
        try:
            # First the store: if this is interrupted, the rows still name the objects.
            delete_frames(push.pk)
        except StoreError as error:
            away = True
            logger.warning(
                "the log of %s of %s stays: %s",
                push,
                push.deployment,
                error,
                extra={"push_id": push.pk},
            )
            continue
        count, freed = count + 1, freed + push.log_bytes
        remove_log(push, reason)
    return count, freed


@transaction.atomic
def remove_log(push, reason):
    """Replace the log with one line that says that it was removed."""
    line = f"The output was removed {reason}.\n".encode()
    now = clock.now()
    LogIndex.objects.filter(push=push).delete()
    LogChunk.objects.filter(push=push).delete()
    LogChunk.objects.create(
        push=push,
        sequence=0,
        offset=0,
        first_line=0,
        last_line=1,
        data=line,
        spans=[[len(line), 0, "note", now.timestamp(), ""]],
    )
    Push.objects.filter(pk=push.pk).update(
        log_lines=1,
        log_bytes=len(line),
        joined_bytes=len(line),
        marks={},
        stored=False,
        pruned=True,
        version=F("version") + 1,
    )
