"""One process of the worker's: it carries out what it took from the queue, several at a time.

The claiming is django-tasks-db's own; each task then runs in a child that is forked for it, so
that pushes don't wait for one another and nothing of a stage's is ever in a server.
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

POLL = 0.1  # seconds between two looks into the queue
GLANCE = 0.02  # where a look costs next to nothing, because nobody has written since the last
PRUNE = 24 * 3600.0  # seconds between two looks for logs that are old
SWEEP = 5.0  # seconds between two looks for what dead workers left
PATIENCE = 20.0  # seconds that a cancelled push may take to end its stages
PR_SET_PDEATHSIG = 1  # prctl(2)

logger = logging.getLogger("rolf.worker")


class WorkerProcess(QueueWorker):
    """`slots` by queue; `grace` seconds for what runs when it is told to end."""

    def __init__(self, *, slots, grace, changed):
        """Tell nobody yet. `changed` says whether there is newer code than this."""
        super().__init__(
            queue_names=list(slots), interval=POLL, batch=False, backend_name="default",
            startup_delay=False, max_tasks=None, worker_id=secrets.token_hex(16),
            excluded_queue_names=[])
        self._slots = slots
        self._grace = grace
        self._changed = changed
        self._children = {}  # the queue's row of each child, by its pid
        self._watches = {}  # of those that carry out a push, by their pid
        self._beaten = self._swept = 0.0
        self._pruned = time.monotonic() - PRUNE + 600  # not as soon as it starts
        self._succeeded = False  # by the worker of a newer release
        self._end = None  # when those that still run are ended
        self._version = None  # of the database when a look into the queue found nothing

    def start(self):
        """Work until told to end; return when nothing runs any more."""
        self._register()
        self.configure_signals()
        try:
            self.run()
            self._wait_for_children()
        finally:
            with ignore_outage():
                Worker.objects.filter(pk=self._row.pk).update(
                    ended=timezone.now() + (HANDOVER if self._succeeded else timedelta()))

    def run(self):
        """Take tasks as long as there are slots for them, until told to end."""
        while self.running:
            task = None
            try:
                self._look_around()
                if not self._unchanged():
                    task = self._claimed()
            except AWAY as error:
                self._away(error)
            if task:
                self.run_task(task)
            else:
                time.sleep(GLANCE if connection.vendor == "sqlite" else POLL)

    def _unchanged(self):
        """Whether nobody has written since a look that found nothing, as far as that is known.

        SQLite tells (PRAGMA data_version); another database is looked into each time.
        """
        if connection.vendor != "sqlite":
            return False
        with connection.cursor() as cursor:
            [version] = cursor.execute("PRAGMA data_version").fetchone()
        before, self._version = self._version, version
        return version == before

    def _claimed(self):
        """Take the next task of a queue that has a free slot; None if there is none.

        Looking first costs no turn among the database's writers.
        """
        taken = Counter(task.queue_name for task in self._children.values())
        free = [queue for queue, slots in self._slots.items() if taken[queue] < slots]
        ready = DBTaskResult.objects.ready().filter(
            backend_name=self.backend_name, queue_name__in=free)
        if not ready.exists():
            return None
        with exclusive_transaction(ready.db):
            task = ready.get_locked()
            if task:
                task.claim(self.worker_id)
        return task

    def shutdown(self, signum, frame):
        """Take nothing more; the second time, wait no longer for what runs."""
        again = self._end is not None  # it may have been ending before, for newer code
        self._end = time.monotonic() + (0 if again else self._grace)
        self._succeeded = False
        self.running = False

    def run_task(self, db_task_result):
        """Fork a child that does it."""
        connections.close_all()  # a connection that two processes have belongs to neither
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
            if os.getppid() == self._row.pid:  # else it died before it could be noticed
                super().run_task(db_task_result)
                status = 0
        finally:
            connections.close_all()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)  # what the parent would do at its end is not the child's

    def _register(self):
        """Be a worker, with a name of its own."""
        self._row = Worker.objects.create(
            name=self.worker_id, machine=process_namespace(), pid=os.getpid(), beat=timezone.now())

    def _beat(self):
        """Tell that it lives. Whom others hold to be dead goes on as another worker.

        It was stopped for a while, or the clock was: its pushes are lost, and end by themselves.
        """
        if not Worker.objects.filter(pk=self._row.pk, ended=None).update(beat=timezone.now()):
            logger.warning("%s was held to be dead; it goes on as another one", self._row)
            self.worker_id = secrets.token_hex(16)
            self._register()

    def _away(self, error):
        logger.warning("the database doesn't answer: %s", error)
        reconnect()
        self._version = None

    def _bury(self):
        """See which children have ended; what one left that died is set right at once."""
        while self._children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            self._watches.pop(pid, None)
            if self._children.pop(pid, None):
                self._version = None  # its slot is free, which is nothing that anybody writes
                if status:
                    self._swept = 0.0

    def _look_around(self):
        """Beat, sweep, see which children have ended, and whether there is newer code."""
        now = time.monotonic()
        self._bury()
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
            self._version = None  # what it queued itself is nothing that SQLite tells it of

    def _wait_for_children(self):
        told = 0
        while self._children:
            try:
                self._look_around()
            except AWAY as error:
                self._away(error)
            late = self._end is not None and time.monotonic() - self._end
            if late and late > 0 and told == 0:
                told = 1
                for pid in self._children:
                    os.kill(pid, signal.SIGTERM)
                    wake(pid)
            elif late and late > PATIENCE and told == 1:
                told = 2
                for pid in self._children:
                    kill(pid)
            time.sleep(POLL)
