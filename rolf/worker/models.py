"""A worker: a process that carries out pushes, known by its heartbeat."""

import math
import os
import secrets
import socket
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from bootstrapper.deploy.running import process_tree
from django.db import connection, models
from django.db.models import Q
from django.utils import timezone

BEAT = 1.0  # seconds between two beats
LAPSED = 10.0  # seconds without a beat, after which a worker is held to be dead
HANDOVER = timedelta(seconds=30)  # in which the worker of a newer release begins


def machine():
    """Return what tells its process numbers from another's: its name, and their namespace."""
    return f"{socket.gethostname()} {Path('/proc/self/ns/pid').stat().st_ino}"


class WorkerQuerySet(models.QuerySet):
    """Workers by their heartbeat."""

    def heard(self):
        """Those that have told lately that they live, or that a successor is on its way."""
        now = timezone.now()
        return self.filter(Q(ended=None, beat__gt=now - timedelta(seconds=LAPSED))
                           | Q(ended__gt=now))

    @contextmanager
    def carrying(self):
        """Give the worker that this process is a child of.

        Where another back end of Tasks calls, there is none: this process is one until it has
        done what it was called for.
        """
        here = self.filter(machine=machine(), ended=None)
        worker = here.filter(pid=os.getppid()).order_by("-pk").first()
        if worker:
            yield worker
            return
        own = self.create(name=secrets.token_hex(16), machine=machine(), pid=os.getpid(),
                          beat=timezone.now())
        done = threading.Event()
        beating = threading.Thread(target=own.beat_until, args=[done], daemon=True)
        beating.start()
        try:
            yield own
        finally:
            done.set()
            beating.join()
            self.filter(pk=own.pk).update(ended=timezone.now())

    def dead(self):
        """Those that died: of this machine if their process is gone, of others if they are silent.

        A process of this machine may be silent for long, and live: it waits for the database,
        for its turn among those who write, or was stopped; or the clock was set.
        """
        silent = self.filter(ended=None, beat__lte=timezone.now() - timedelta(seconds=LAPSED))
        here = self.filter(ended=None, machine=machine())
        dead = [worker.pk for worker in silent if not worker.lives]
        gone = [worker.pk for worker in here if not Path(f"/proc/{worker.pid}").exists()]
        return self.filter(pk__in=[*dead, *gone])


class Worker(models.Model):
    """One run of the worker's command; another run is another worker."""

    name = models.CharField(max_length=64, unique=True)  # the queue's name for it
    machine = models.CharField(max_length=200)
    pid = models.PositiveIntegerField()
    started = models.DateTimeField(auto_now_add=True)
    beat = models.DateTimeField()
    # In the future where it has left its place to the worker of a newer release, until that is due.
    ended = models.DateTimeField(null=True, blank=True)

    objects = WorkerQuerySet.as_manager()

    def __str__(self):
        return f"worker {self.pid} on {self.machine}"

    def beat_until(self, done):
        """Say that it lives until the event `done` is set; for a thread of its own."""
        while not done.wait(BEAT):
            type(self).objects.filter(pk=self.pk).update(beat=timezone.now())
        connection.close()

    @property
    def lives(self):
        """Whether it has told lately that it does, or is a process of this machine."""
        if self.ended is not None:
            return False
        return (self.beat > timezone.now() - timedelta(seconds=LAPSED)
                or (self.machine == machine() and _began(self.pid) < self.started.timestamp()))


def _began(pid):
    """Return when a process began, in seconds since 1970; infinity where there is none.

    A process that began after a worker did is another one, which has got its number.
    """
    found = process_tree.status(pid)
    if found is None or found.zombie:
        return math.inf
    age = time.clock_gettime(time.CLOCK_BOOTTIME) - (
        found.process.started / os.sysconf("SC_CLK_TCK"))
    return time.time() - age
