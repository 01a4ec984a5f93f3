"""The workers that carry out pushes, and whether they still live."""

import math
import os
import secrets
import socket
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from pathlib import Path

from bootstrapper.deploy.running import process_tree
from django.db import connection, models
from django.db.models import Q
from django.db.models.functions import Now

from database import clock
from database.retry import AWAY, reconnect
from deployments.work_place import work_place

BEAT = 2.0  # seconds between two heartbeats
HEARD = 10.0  # seconds without a heartbeat, after which pages say that a worker is silent
# Seconds without a heartbeat, after which others may start the worker's deployments. Before that,
# the worker ends its own stages (worker/lease.py).
LEASE = 90.0
HANDOVER = timedelta(seconds=30)  # for the worker of a newer release to start


@cache
def process_namespace():
    """Return where a process id is unique: the host name, the boot, and the PID namespace.

    Two machines can have one host name, and clones have one /etc/machine-id. The first PID
    namespace has the same number everywhere. Only the boot id differs.
    """
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{socket.gethostname()} {boot} {Path('/proc/self/ns/pid').stat().st_ino}"


class WorkerQuerySet(models.QuerySet):
    """Queries for workers, by their heartbeat."""

    def heard(self):
        """Filter for workers with a recent heartbeat, or whose successor is about to start."""
        return self.filter(Q(ended=None, beat__gt=clock.ago(HEARD)) | Q(ended__gt=clock.now()))

    def here(self):
        """Filter for workers of this machine that have not ended."""
        return self.filter(machine=process_namespace(), ended=None)

    @contextmanager
    def carrying(self):
        """Yield the Worker that is the parent of this process.

        Without one, such as in the worker of a task library, this process is a worker of its own
        until the body ends.
        """
        worker = self.here().filter(pid=os.getppid()).order_by("-pk").first()
        if worker:
            yield worker
            return
        own = self.start()
        done = threading.Event()
        beating = threading.Thread(target=own.beat_until, args=[done], daemon=True)
        beating.start()
        try:
            yield own
        finally:
            done.set()
            beating.join()
            self.filter(pk=own.pk).update(ended=clock.now())

    def start(self, **fields):
        """Create the row of a worker that is this process, with a name of its own."""
        return self.create(
            name=secrets.token_hex(16),
            machine=process_namespace(),
            pid=os.getpid(),
            place=work_place(),
            **fields,
        )

    def dead(self):
        """Filter for workers that have died.

        A worker of this machine is dead if its process is gone. Any other one is dead if its lease
        has run out: it has ended its stages by then. With SQLite, a worker of this machine lives as
        long as its process: it may have been stopped, may wait for the lock, or the clock was set.
        """
        gone = [worker.pk for worker in self.here() if not worker.runs]
        lapsed = Q(ended=None, beat__lte=clock.ago(LEASE))
        if connection.vendor == "sqlite":
            lapsed &= ~Q(machine=process_namespace())
        return self.filter(lapsed | Q(pk__in=gone))


class Worker(models.Model):
    """One process of `manage.py worker`. Each start of the command creates another row.

    `labels` are words between spaces: the worker carries out deployments that ask for some of them
    or for none. A worker that is `draining` starts nothing new.
    """

    name = models.CharField(max_length=64, unique=True)
    machine = models.CharField(max_length=200)
    pid = models.PositiveIntegerField()
    # The columns of later releases have defaults in the database, for workers of earlier ones.
    place = models.CharField(max_length=300, blank=True, db_default="")  # its work directory
    labels = models.CharField(max_length=200, blank=True, db_default="")
    release = models.CharField(max_length=80, blank=True, db_default="")  # of Rolf
    slots = models.PositiveIntegerField(default=1, db_default=1)  # pushes at a time
    draining = models.BooleanField(default=False, db_default=False)
    started = models.DateTimeField(default=clock.now)
    beat = models.DateTimeField(default=clock.now)
    # A worker that ends for a newer release sets this to when its successor must have started.
    ended = models.DateTimeField(null=True, blank=True)

    objects = WorkerQuerySet.as_manager()

    class Meta:
        db_table = "worker_worker"  # the model was in `worker` once

    def __str__(self):
        return f"worker {self.pid} on {self.host}"

    @property
    def host(self):
        """The name of its machine."""
        return self.machine.partition(" ")[0]

    def carries(self, labels):
        """Return whether it has all of the labels that a deployment asks for."""
        return set(labels.split()) <= set(self.labels.split())

    def confirm(self):
        """Send a heartbeat, and read `draining`. Return False if others declared it dead."""
        mine = type(self).objects.filter(pk=self.pk, ended=None)
        if connection.vendor != "sqlite":  # a late heartbeat cannot extend a lease that has ended
            mine = mine.filter(beat__gt=clock.ago(LEASE))
        if not mine.update(beat=Now()):
            return False
        self.draining = mine.values_list("draining", flat=True).first() or False
        return True

    def beat_until(self, done):
        """Send heartbeats until the event `done` is set. Call this in a thread of its own."""
        while not done.wait(BEAT):
            try:
                self.confirm()
            except AWAY:
                reconnect()
        connection.close()

    @property
    def lives(self):
        """Whether its lease has not run out, or it is a running process of this machine."""
        if self.ended is not None:
            return False
        return self.beat > clock.ago(LEASE) or (self.machine == process_namespace() and self.runs)

    @property
    def silent(self):
        """Whether it has sent no heartbeat for a while."""
        return self.beat <= clock.ago(HEARD)

    @property
    def runs(self):
        """Whether it is a running process. Ask only about a worker of this machine.

        A process that began later than the worker is not that worker: the system reused its id.
        """
        return _began(self.pid) < self.started.timestamp()


def _began(pid):
    """Return when a process began, by the database's clock, or infinity if there is none."""
    found = process_tree.status(pid)
    if found is None or found.zombie:
        return math.inf
    age = time.clock_gettime(time.CLOCK_BOOTTIME) - (
        found.process.started / os.sysconf("SC_CLK_TCK")
    )
    return clock.now().timestamp() - age
