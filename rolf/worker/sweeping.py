"""Clean up after dead workers: mark their pushes as lost, or queue those that never began."""

import logging
from datetime import timedelta

from bootstrapper.deploy.events.event import State
from bootstrapper.deploy.events.record import DIED, Record
from django.db.models import F, Q

from audit import context
from database import clock
from pushes.claims import give_back
from pushes.models import Push, Worker

KEPT = timedelta(days=7)  # how long rows of ended workers stay
MOST = 3  # claims of a push that never begins, until it is lost

logger = logging.getLogger("rolf.worker")


def sweep(own=None, pushes=()):
    """Clean up after dead workers. Several workers may call this at once.

    `own` is the calling worker; its children are carrying out `pushes`, which are keys.
    """
    dead = [worker for worker in Worker.objects.dead() if worker != own]
    for worker in dead:
        logger.warning("%s has died", worker)
    gone = Q(worker=None) | Q(worker__in=dead) | ~Q(worker__ended=None)
    for push in Push.objects.filter(gone, state=State.RUNNING):
        _let_go(push)
    Worker.objects.filter(pk__in=[worker.pk for worker in dead], ended=None).update(
        ended=clock.now()
    )
    if own:
        _let_orphans_go(own, pushes)


def forget():
    """Delete the rows of workers that ended long ago."""
    Worker.objects.filter(ended__lt=clock.now() - KEPT).delete()


def has_begun(push):
    """Return whether a push that a worker claimed may have changed anything since it was queued."""
    if not push.resumed:
        return push.number is not None
    return (push.record or {}).get("state") == State.RUNNING


def _let_go(push):
    """Queue a push again that never began; otherwise mark it as lost."""
    if push.claims < MOST and not has_begun(push):
        give_back(push)
    else:
        lose(push)


def _let_orphans_go(worker, pushes):
    """Clean up after the pushes of this worker that no child carries out.

    Their child died, or the database ended the connection after the claim and before its answer.
    """
    # The same child carries out the automatic rollback of its push.
    for push in (
        Push.objects.filter(worker=worker, state=State.RUNNING)
        .exclude(pk__in=pushes)
        .exclude(rollback_of__in=pushes)
    ):
        if push.claims:
            _let_go(push)
        else:  # an automatic rollback, which was in no queue
            lose(push)


def lose(push):
    """Mark a push as lost, with the log that was stored so far.

    If its record says that it had ended already, it gets the state of that end instead.
    """
    record = Record.from_json(push.record).lost() if push.record else Record(id=0, state=State.LOST)
    reason = record.reason if push.record else DIED
    lost = Push.objects.filter(pk=push.pk, state=State.RUNNING, worker=push.worker_id)
    if lost.update(
        state=record.state,
        reason=reason,
        ended=clock.now(),
        awaits="",
        record=push.record and record.to_json(),
        version=F("version") + 1,
    ):
        with context.working_on(push_id=push.pk, deployment_id=push.deployment_id):
            logger.warning("%s of %s is %s: %s", push, push.deployment, record.state, reason)
