"""A worker: a process that carries out pushes, known by its heartbeat."""

import os
import secrets
import socket
import threading
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from django.db import connection, models
from django.db.models import Q
from django.utils import timezone

BEAT = 1.0  # seconds between two beats
LAPSED = 10.0  # seconds without a beat, after which a worker is held to be dead


def machine():
    """Return what tells its process numbers from another's: its name, and their namespace."""
    return f"{socket.gethostname()} {Path('/proc/self/ns/pid').stat().st_ino}"


class WorkerQuerySet(models.QuerySet):
    """Workers by their heartbeat."""

    def living(self):
        """Those that have told lately that they live."""
        return self.filter(ended=None, beat__gt=timezone.now() - timedelta(seconds=LAPSED))

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
        """Those that died: nobody hears them, or their process isn't there, if it was of here.

        Should its number be another process's by now, its silence tells.
        """
        silent = Q(beat__lte=timezone.now() - timedelta(seconds=LAPSED))
        here = self.filter(ended=None, machine=machine()).values_list("pk", "pid")
        gone = [pk for pk, pid in here if not Path(f"/proc/{pid}").exists()]
        return self.filter(silent | Q(pk__in=gone), ended=None)


class Worker(models.Model):
    """One run of the worker's command; another run is another worker."""

    name = models.CharField(max_length=64, unique=True)  # the queue's name for it
    machine = models.CharField(max_length=200)
    pid = models.PositiveIntegerField()
    started = models.DateTimeField(auto_now_add=True)
    beat = models.DateTimeField()
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
        """Whether it has told lately that it does."""
        return self.ended is None and self.beat > timezone.now() - timedelta(seconds=LAPSED)
