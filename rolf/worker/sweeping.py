"""What dead workers left behind: their pushes are lost, and told so; what never began is queued."""

import logging
from datetime import timedelta

from bootstrapper.deploy.event import State
from bootstrapper.deploy.journal.record import DIED, Record
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from pushes import tasks
from pushes.models import Push

from .models import Worker

BETWEEN = 30.0  # seconds that pass between a row and its task where a server died in between

logger = logging.getLogger("rolf.worker")


def sweep():
    """Set right what nobody else will. Several workers may do so at once."""
    now = timezone.now()
    dead = list(Worker.objects.dead())
    for worker in dead:
        logger.warning("%s has died", worker)
        _end_tasks(task for task in DBTaskResult.objects.filter(status=TaskResultStatus.RUNNING)
                   if worker.name in task.worker_ids)
    gone = Q(worker=None) | Q(worker__in=dead) | ~Q(worker__ended=None)
    for push in Push.objects.filter(gone, state=State.RUNNING):
        lose(push)
    Worker.objects.filter(pk__in=[worker.pk for worker in dead]).update(ended=now)
    _requeue(now)


def child_died(worker, task):
    """Set right what a task of this worker's left whose process died alone."""
    _end_tasks([task])
    if task.task_path.endswith(".run_push"):
        for push in Push.objects.filter(
                pk=task.args_kwargs["args"][0], state=State.RUNNING, worker=worker):
            lose(push)


def lose(push):
    """Say that nobody runs a push any more. Its log is what has been kept until then."""
    record = Record.from_json(push.record).lost().to_json() if push.record else None
    lost = Push.objects.filter(pk=push.pk, state=State.RUNNING, worker=push.worker_id)
    if lost.update(state=State.LOST, reason=DIED, record=record, ended=timezone.now(), awaits="",
                   version=F("version") + 1):
        logger.warning("%s of %s is lost: %s", push, push.deployment, DIED)


def _end_tasks(died):
    for task in died:
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
        queue_name=tasks.PUSHES)
    queued = {task.args_kwargs["args"][0] for task in open_tasks}
    for push in waiting:
        if push.pk not in queued:
            with transaction.atomic():
                tasks.run_push.enqueue(push.pk)
