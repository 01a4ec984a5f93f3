"""The worker's process: it claims tasks from the queue and forks a child for each.

django-tasks-db claims the tasks. Because each task has its own child, pushes do not wait for one
another, and a stage's environment never gets into a server.
"""

import ctypes
import logging
import os
import secrets
import signal
import sys
import time
from collections import Counter
from datetime import timedelta

from django.db import connection, connections
from django.utils import timezone
from django_tasks_db.management.commands.db_worker import Worker as QueueWorker
from django_tasks_db.models import DBTaskResult
from django_tasks_db.utils import exclusive_transaction

from pushes import tasks
from pushes.models import BEAT, HANDOVER, Worker, process_namespace
from pushes.run.db_retry import AWAY, ignore_outage, reconnect

from . import sweeping
from .unresponsive import PushWatch, kill, wake

POLL = 0.1  # seconds between two queries of the queue
GLANCE = 0.02  # with SQLite, which tells cheaply whether the database has changed
PRUNE = 24 * 3600.0  # seconds between two prunings of old logs
SWEEP = 5.0  # seconds between two clean-ups after dead workers
PATIENCE = 20.0  # seconds that a cancelled push may take to end its stages
PR_SET_PDEATHSIG = 1  # prctl(2)

logger = logging.getLogger("rolf.worker")


class WorkerProcess(QueueWorker):
    """A worker with a number of `slots` for each queue.

    After SIGTERM, running pushes have `grace` seconds to end.
    """

    def __init__(self, *, slots, grace, changed):
        """Set up. `changed` returns whether there is a newer release."""
        super().__init__(
            queue_names=list(slots),
            interval=POLL,
            batch=False,
            backend_name="default",
            startup_delay=False,
            max_tasks=None,
            worker_id=secrets.token_hex(16),
            excluded_queue_names=[],
        )
        self._slots = slots
        self._grace = grace
        self._changed = changed
        self._children = {}  # by process id: the task that the child carries out
        self._watches = {}  # by process id: a watch over the push that the child carries out
        self._beaten = self._swept = 0.0
        self._pruned = time.monotonic() - PRUNE + 600  # the first time 10 minutes after the start
        self._succeeded = False  # whether the worker of a newer release takes over
        self._end = None  # when to end the children that still run
        self._version = None  # SQLite's data_version when the queue was last empty

    def start(self):
        """Work until SIGTERM; return when no child runs any more."""
        self._register()
        self.configure_signals()
        try:
            self.run()
            self._wait_for_children()
        finally:
            with ignore_outage():
                Worker.objects.filter(pk=self._row.pk).update(
                    ended=timezone.now() + (HANDOVER if self._succeeded else timedelta())
                )

    def run(self):
        """Take tasks while there are free slots, until SIGTERM."""
        while self.running:
            task = None
            try:
                self._maintain()
                if not self._unchanged():
                    task = self._claimed()
            except AWAY as error:
                self._away(error)
            if task:
                self.run_task(task)
            else:
                time.sleep(GLANCE if connection.vendor == "sqlite" else POLL)

    def _unchanged(self):
        """Return whether the database is known to be unchanged since the queue was last empty.

        SQLite has PRAGMA data_version for that; with other databases the worker queries the queue.
        """
        if connection.vendor != "sqlite":
            return False
        with connection.cursor() as cursor:
            [version] = cursor.execute("PRAGMA data_version").fetchone()
        before, self._version = self._version, version
        return version == before

    def _claimed(self):
        """Claim the next task of a queue that has a free slot; return None if there is none.

        The query before the claim needs no write lock.
        """
        taken = Counter(task.queue_name for task in self._children.values())
        free = [queue for queue, slots in self._slots.items() if taken[queue] < slots]
        ready = DBTaskResult.objects.ready().filter(
            backend_name=self.backend_name, queue_name__in=free
        )
        if not ready.exists():
            return None
        with exclusive_transaction(ready.db):
            task = ready.get_locked()
            if task:
                task.claim(self.worker_id)
        return task

    def shutdown(self, signum, frame):
        """Take no more tasks; at the second signal, do not wait for running ones either."""
        again = self._end is not None  # it may be ending already, for a newer release
        self._end = time.monotonic() + (0 if again else self._grace)
        self._succeeded = False
        self.running = False

    def run_task(self, db_task_result):
        """Fork a child that carries out the task."""
        connections.close_all()  # two processes cannot share a connection
        self._version = None
        pid = os.fork()
        if pid == 0:
            self._be_child(db_task_result)
        self._children[pid] = db_task_result
        if db_task_result.queue_name == tasks.PUSHES:
            self._watches[pid] = PushWatch(pid, db_task_result.args_kwargs["args"][0])

    def _be_child(self, db_task_result):
        status = 1
        try:
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            self.reset_signals()
            if os.getppid() == self._row.pid:  # else the parent died before prctl() took effect
                super().run_task(db_task_result)
                status = 0
        finally:
            connections.close_all()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)  # without the parent's clean-up handlers

    def _register(self):
        """Create the worker's row, with a name of its own."""
        self._row = Worker.objects.create(
            name=self.worker_id, machine=process_namespace(), pid=os.getpid(), beat=timezone.now()
        )

    def _beat(self):
        """Send the heartbeat. If others have declared this worker dead, continue as a new worker.

        That happens after the process was stopped for a while, or the clock jumped. The pushes of
        the old worker are lost, and end by themselves.
        """
        if not Worker.objects.filter(pk=self._row.pk, ended=None).update(beat=timezone.now()):
            logger.warning("%s was declared dead; it continues as a new worker", self._row)
            self.worker_id = secrets.token_hex(16)
            self._register()

    def _away(self, error):
        logger.warning("the database does not answer: %s", error)
        reconnect()
        self._version = None

    def _reap(self):
        """Reap the children that have ended; after one that died, sweep at once."""
        while self._children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            self._watches.pop(pid, None)
            if self._children.pop(pid, None):
                self._version = None  # a slot is free, which the database does not show
                if status:
                    self._swept = 0.0

    def _maintain(self):
        """Send the heartbeat, sweep, reap children, and notice a newer release."""
        now = time.monotonic()
        self._reap()
        if now - self._beaten >= BEAT:
            self._beat()
            self._beaten = now
            for watch in self._watches.values():
                watch.look()
            if self.running and self._changed():
                self.running = False
                self._succeeded = True
        if now - self._pruned >= PRUNE:
            self._pruned = now
            tasks.prune.enqueue()
            sweeping.forget()
            self._version = None
        if now - self._swept >= SWEEP:
            sweeping.sweep(self._row, self._children.values())
            self._swept = now
            self._version = None  # data_version does not change by our own writes

    def _wait_for_children(self):
        step = 0
        while self._children:
            try:
                self._maintain()
            except AWAY as error:
                self._away(error)
            late = self._end is not None and time.monotonic() - self._end
            if late and late > 0 and step == 0:
                step = 1
                for pid in self._children:
                    os.kill(pid, signal.SIGTERM)
                    wake(pid)
            elif late and late > PATIENCE and step == 1:
                step = 2
                for pid in self._children:
                    kill(pid)
            time.sleep(POLL)
