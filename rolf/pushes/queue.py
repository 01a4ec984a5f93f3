"""The queue of Django's Tasks framework, which is a doorbell for workers.

The rows of pushes and surveys say what waits. A task only wakes a worker, which then looks at the
rows. So a lost task delays a push by seconds, a repeated one does nothing, and every back end of
the framework is safe. This is the only module that imports the back ends: django-tasks-db, which
keeps tasks in the database, and django-tasks-rq, which keeps them in Redis.
"""

import logging
import time
from contextlib import contextmanager
from functools import cache

from django.db import connections, transaction
from django_tasks import task_backends

from database.notifications import Changes

PUSHES, SURVEYS = "pushes", "surveys"
SELDOM = 60.0  # seconds between two log records about a queue that does not answer

logger = logging.getLogger("rolf.queue")


def ring(task, key):
    """Enqueue a task when the transaction is committed: only then can a worker see the row."""

    def enqueue():
        with configured_queue().ignore_outage():
            task.enqueue(key)

    transaction.on_commit(enqueue)


class Doorbell:
    """What a worker waits at while no row waits for it."""

    def __init__(self):
        """Wait for the notifications that triggers send for rows that wait."""
        self._changes = Changes("rolf_work")

    def wait(self, seconds):
        """Wait for that many seconds at most. Return whether a push or a survey may wait now."""
        return self._changes.wait(seconds)

    def answer(self):
        """Remove the tasks that have rung: the caller looks at the rows next."""
        queue = configured_queue()
        with queue.ignore_outage():
            queue.clear()

    def close(self):
        """Close connections, as before a fork."""
        self._changes.close()


class Queue:
    """The queue of a back end that carries out tasks itself, such as those for tests."""

    outages = ()  # exceptions that say that the queue does not answer

    def __init__(self):
        """Report the first outage."""
        self._reported = -SELDOM

    def clear(self):
        """Remove the waiting tasks."""

    def shortest_limit(self):
        """Return the seconds after which the back end would end a task; None for no limit."""
        return

    @contextmanager
    def ignore_outage(self):
        """Log that the queue does not answer. Workers find the rows without it."""
        try:
            yield
        except self.outages as error:
            if time.monotonic() - self._reported >= SELDOM:
                self._reported = time.monotonic()
                logger.warning("the queue of tasks does not answer: %s", error)


class DatabaseQueue(Queue):
    """The tasks of django-tasks-db, as rows."""

    def clear(self):
        """Delete the tasks, except those that another worker is deleting (SKIP LOCKED)."""
        from django_tasks_db.models import DBTaskResult

        waiting = DBTaskResult.objects.ready().filter(queue_name__in=[PUSHES, SURVEYS])
        if not waiting.exists():  # which needs no lock
            return
        can_skip = connections[waiting.db].features.has_select_for_update_skip_locked
        with transaction.atomic(using=waiting.db):
            rung = waiting.select_for_update(skip_locked=can_skip).values_list("pk", flat=True)
            DBTaskResult.objects.filter(pk__in=list(rung)).delete()


class RedisQueue(Queue):
    """The tasks of django-tasks-rq, as jobs of RQ."""

    def __init__(self):
        """Know the exceptions of the client."""
        from redis.exceptions import RedisError

        super().__init__()
        self.outages = (RedisError, OSError)

    def clear(self):
        """Remove all jobs."""
        for queue in self._queues():
            queue.empty()

    def shortest_limit(self):
        """Return RQ's time-out of a job, in seconds; None for no limit."""
        from django_rq.settings import QUEUES
        from rq import Queue as RQQueue

        limits = [
            QUEUES[name].get("DEFAULT_TIMEOUT") or RQQueue.DEFAULT_TIMEOUT
            for name in (PUSHES, SURVEYS)
        ]
        return min((limit for limit in limits if limit > 0), default=None)

    def _queues(self):
        import django_rq

        return [django_rq.get_queue(name) for name in (PUSHES, SURVEYS)]


@cache
def configured_queue():
    """Return the queue of the back end that the setting TASKS names."""
    library = type(task_backends["default"]).__module__.partition(".")[0]
    known = {"django_tasks_db": DatabaseQueue, "django_tasks_rq": RedisQueue}
    return known.get(library, Queue)()
