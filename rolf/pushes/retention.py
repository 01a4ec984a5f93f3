"""Which old logs Rolf removes. It keeps the logs of pushes that a user may still roll back to."""

from datetime import timedelta

from bootstrapper.deploy.events.event import State
from django.conf import settings
from django.db import transaction
from django.db.models import F, OuterRef, Q, Subquery
from django.utils import timezone

from .models import ACTIVE, LogChunk, LogIndex, Push
from .rollback import live_push

NEWEST = 20  # pushes of each deployment that keep their logs, however old they are
GOOD = 10  # the same for pushes that succeeded


def old_logs():
    """Return the pushes whose logs may be removed.

    Their rows stay, with all that a rollback needs: snapshot, record and settings.
    """
    begin = timezone.now() - timedelta(days=settings.KEEP_LOGS)
    own = Push.objects.filter(deployment=OuterRef("deployment")).order_by("-pk").values("pk")
    good = own.filter(state=State.SUCCEEDED)
    old = Push.objects.filter(ended__lt=begin).exclude(state__in=ACTIVE).exclude(pruned=True)
    # The oldest push to keep of each kind; null if there are fewer, and then all of them stay.
    old = old.annotate(
        newest=Subquery(own[NEWEST - 1 : NEWEST]), good=Subquery(good[GOOD - 1 : GOOD])
    )
    return (
        old.filter(newest__isnull=False, pk__lt=F("newest"))
        .filter(~Q(state=State.SUCCEEDED) | Q(good__isnull=False, pk__lt=F("good")))
        .order_by("pk")
    )


def prune():
    """Remove the old logs. Return (how many, how many bytes)."""
    count = freed = 0
    live = {}
    for push in old_logs().listed().select_related("deployment").iterator():
        if push.deployment_id not in live:
            live[push.deployment_id] = live_push(push.deployment)
        if push != live[push.deployment_id]:
            count, freed = count + 1, freed + push.log_bytes
            _remove_log(push)
    return count, freed


@transaction.atomic
def _remove_log(push):
    """Replace the log with one line that says that it was removed."""
    line = f"The output was removed after {settings.KEEP_LOGS} days.\n".encode()
    now = timezone.now()
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
        log_lines=1, log_bytes=len(line), marks={}, pruned=True, version=F("version") + 1
    )
