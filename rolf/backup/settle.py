"""What a restored database still says of processes and sessions that are gone."""

from dataclasses import dataclass, replace

from bootstrapper.deploy.events.event import State
from bootstrapper.deploy.events.record import Record
from django.db import transaction
from django.db.models import F

import audit
from audit.models import Entry
from database import clock
from login.models import Session
from pushes import retention
from pushes.models import Push, Worker
from pushes.queue import configured_queue


@dataclass(kw_only=True)
class Settled:
    """How many rows of each kind a restore has ended."""

    lost: int = 0  # pushes that were running
    cancelled: int = 0  # pushes that were queued
    sessions: int = 0
    logs: int = 0  # whose objects the backup has not


@transaction.atomic
def settle(manifest, *, run_queued=False):
    """End pushes, sessions and workers of the backup; return what was Settled.

    A session may have been ended since, so everybody logs in again. With `run_queued`, workers
    carry out the pushes that were queued.
    """
    created = manifest["created"]
    settled = Settled()
    now = clock.now()
    for push in Push.objects.filter(state=State.RUNNING):
        _lose(push, f"Rolf was restored from a backup that was made at {created}, during this push")
        settled.lost += 1
    if not run_queued:
        settled.cancelled = Push.objects.filter(state=State.QUEUED).update(
            state=State.CANCELLED,
            reason=f"Rolf was restored from a backup of {created}, when this push was queued",
            ended=now,
            version=F("version") + 1,
        )
    Worker.objects.filter(ended=None).update(ended=now)
    configured_queue().clear()
    settled.sessions = Session.objects.exclude(user=None).count()
    Session.objects.all().delete()
    settled.logs = _forget_missing(manifest["stores"])
    audit.record(
        "backup.restored",
        target=created,
        lost=settled.lost,
        cancelled=settled.cancelled,
        head=manifest["audit_head"],
    )
    Entry.objects.append_pending()
    return settled


def _lose(push, reason):
    """Mark a push as lost. If its record says that it was done, it has succeeded."""
    record = push.record and Record.from_json(push.record).lost()
    if record and record.state == State.LOST:
        record = replace(record, reason=reason)
    Push.objects.filter(pk=push.pk).update(
        state=record.state if record else State.LOST,
        reason=record.reason if record else reason,
        record=record and record.to_json(),
        ended=clock.now(),
        awaits="",
        version=F("version") + 1,
    )


def _forget_missing(stores):
    """Remove the logs and checkouts whose objects the backup has not; return how many logs."""
    logs = {int(name.split("/")[2]) for name in stores.get("ROLF_LOG_STORE", {}).get("missing", ())}
    for push in Push.objects.filter(pk__in=logs):
        retention.remove_log(push, "while the backup was made")
    for name in stores.get("ROLF_CHECKOUT_STORE", {}).get("missing", ()):
        key = name.rpartition("/")[2].partition(".")[0]
        Push.objects.filter(pk=int(key)).update(checkout="")
    return len(logs)
