"""Clean up after dead workers: mark their pushes as lost, and queue those that never started."""

import logging
from datetime import timedelta

from bootstrapper.deploy.events.event import State
from bootstrapper.deploy.events.record import DIED, Record
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from pushes.models import Push, Worker
from pushes.tasks import PUSHES, run_push

KEPT = timedelta(days=7)  # how long finished tasks stay in the queue's table
BETWEEN = 30.0  # seconds after which a queued push without a task is enqueued again

logger = logging.getLogger("rolf.worker")


def sweep(own=None, tasks=()):
    """Mark the pushes of dead workers as lost, and enqueue queued pushes that have no task.

    Several workers may call this at once. `own` is the calling worker; its children are carrying
    out `tasks`.
    """
    now = timezone.now()
    dead = [worker for worker in Worker.objects.dead() if worker != own]
    for worker in dead:
        logger.warning("%s has died", worker)
    gone = Q(worker=None) | Q(worker__in=dead) | ~Q(worker__ended=None)
    for push in Push.objects.filter(gone, state=State.RUNNING):
        lose(push)
    Worker.objects.filter(pk__in=[worker.pk for worker in dead]).update(ended=now)
    if own:
        _lose_orphans(own, tasks)
    _end_tasks(own, tasks)
    _requeue(now)


def forget():
    """Delete tasks that finished long ago."""
    DBTaskResult.objects.finished().filter(finished_at__lt=timezone.now() - KEPT).delete()


def _lose_orphans(worker, tasks):
    """Mark the pushes as lost whose child of this worker died."""
    pushes = [task.args_kwargs["args"][0] for task in tasks if task.queue_name == PUSHES]
    # The same child carries out the automatic rollback of its push.
    for push in (
        Push.objects.filter(worker=worker, state=State.RUNNING)
        .exclude(pk__in=pushes)
        .exclude(rollback_of__in=pushes)
    ):
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
        ended=timezone.now(),
        awaits="",
        record=push.record and record.to_json(),
        version=F("version") + 1,
    ):
        logger.warning("%s of %s is %s: %s", push, push.deployment, record.state, reason)


def _end_tasks(own, tasks):
    """Mark the running tasks as failed that no living worker and no child of ours carries out."""
    living = set(Worker.objects.filter(ended=None).values_list("name", flat=True))
    mine = {task.pk for task in tasks}
    for task in DBTaskResult.objects.running():
        here = own is not None and own.name in task.worker_ids
        if task.pk not in mine if here else not living & set(task.worker_ids):
            DBTaskResult.objects.filter(pk=task.pk, status=TaskResultStatus.RUNNING).update(
                status=TaskResultStatus.FAILED,
                finished_at=timezone.now(),
                traceback="its worker died",
            )


def _requeue(now):
    """Enqueue the queued pushes that have no task. No worker has started them, so they run once."""
    waiting = Push.objects.filter(state=State.QUEUED, created__lte=now - timedelta(seconds=BETWEEN))
    if not waiting.exists():
        return
    open_tasks = DBTaskResult.objects.filter(
        status__in=[TaskResultStatus.READY, TaskResultStatus.RUNNING], queue_name=PUSHES
    )
    queued = {task.args_kwargs["args"][0] for task in open_tasks}
    for push in waiting:
        if push.pk not in queued:
            with transaction.atomic():
                run_push.enqueue(push.pk)
