"""What dead workers left behind: their pushes are lost, and told so; what never began is queued."""

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

KEPT = timedelta(days=7)  # tasks that are done
BETWEEN = 30.0  # seconds that pass between a row and its task where a server died in between

logger = logging.getLogger("rolf.worker")


def sweep(own=None, tasks=()):
    """Set right what nobody else will. Several workers may do so at once.

    `own` is the worker that does; `tasks` are those that its children are at.
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
    """Forget tasks that have long been done."""
    DBTaskResult.objects.finished().filter(finished_at__lt=timezone.now() - KEPT).delete()


def _lose_orphans(worker, tasks):
    """Lose the pushes of a child of the worker's that died alone."""
    pushes = [task.args_kwargs["args"][0] for task in tasks if task.queue_name == PUSHES]
    # The rollback that follows a push by itself is carried out by the same child.
    for push in Push.objects.filter(worker=worker, state=State.RUNNING).exclude(
            pk__in=pushes).exclude(rollback_of__in=pushes):
        lose(push)


def lose(push):
    """Say that nobody runs a push any more. Its log is what has been kept until then.

    One that had come to its end, and wasn't told to have, has ended as it did.
    """
    record = Record.from_json(push.record).lost() if push.record else Record(id=0, state=State.LOST)
    reason = record.reason if push.record else DIED
    lost = Push.objects.filter(pk=push.pk, state=State.RUNNING, worker=push.worker_id)
    if lost.update(state=record.state, reason=reason, ended=timezone.now(), awaits="",
                   record=push.record and record.to_json(), version=F("version") + 1):
        logger.warning("%s of %s is %s: %s", push, push.deployment, record.state, reason)


def _end_tasks(own, tasks):
    """End the tasks that nobody is at any more: no worker that lives, none of our children."""
    living = set(Worker.objects.filter(ended=None).values_list("name", flat=True))
    mine = {task.pk for task in tasks}
    for task in DBTaskResult.objects.running():
        here = own is not None and own.name in task.worker_ids
        if task.pk not in mine if here else not living & set(task.worker_ids):
            DBTaskResult.objects.filter(pk=task.pk, status=TaskResultStatus.RUNNING).update(
                status=TaskResultStatus.FAILED, finished_at=timezone.now(),
                traceback="its worker died")


def _requeue(now):
    """Queue a push again whose task isn't there: nobody has begun it, so it runs once."""
    waiting = Push.objects.filter(
        state=State.QUEUED, created__lte=now - timedelta(seconds=BETWEEN))
    if not waiting.exists():
        return
    open_tasks = DBTaskResult.objects.filter(
        status__in=[TaskResultStatus.READY, TaskResultStatus.RUNNING],
        queue_name=PUSHES)
    queued = {task.args_kwargs["args"][0] for task in open_tasks}
    for push in waiting:
        if push.pk not in queued:
            with transaction.atomic():
                run_push.enqueue(push.pk)
