"""Pushes, what they printed, and the workers that carry them out."""

import math
import os
import secrets
import socket
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from bootstrapper.deploy.events.event import State
from bootstrapper.deploy.events.record import Record
from bootstrapper.deploy.running import process_tree
from django.conf import settings
from django.db import connection, models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from deployments.models import Deployment

ACTIVE = (State.QUEUED, State.RUNNING)


class PushQuerySet(models.QuerySet):
    """Pushes by how they stand."""

    def active(self):
        """Those that wait for a worker, or run."""
        return self.filter(state__in=ACTIVE)

    def gone_live(self):
        """Those that visitors saw: their switch has begun, or they have none and succeeded."""
        return self.filter(Q(switched=True) | Q(switches=False, state=State.SUCCEEDED))

    def listed(self):
        """Without what only the page of one push shows."""
        return self.defer("snapshot", "record", "marks", "flags", "skip")

    def with_ends(self):
        """With its worker and, of a rollback, both ends, without what is heavy of those."""
        ends = ("rollback_to", "rollback_of")
        return self.select_related("worker", *ends).defer(
            *(f"{end}__{heavy}" for end in ends for heavy in ("snapshot", "record", "marks")))


class Push(models.Model):
    """`number` is what the target knows it by; a push has none before its worker began it.

    `snapshot` is the engine's, each stage with its code besides; `record` the engine's, as it
    stood at the last event. `marks` tells by stage (its index, as text) at which line of the log
    it begins, and its first line on stderr: {"0": {"line": 0, "error": 12}}.
    """

    State = models.TextChoices(
        "State", {state.name: (state.value, state.value) for state in State
                  if state not in (State.WAITING, State.SKIPPED)})

    deployment = models.ForeignKey(Deployment, on_delete=models.PROTECT, related_name="pushes")
    number = models.PositiveIntegerField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    reason = models.TextField(blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL,
                             related_name="pushes")
    user_name = models.CharField(max_length=150)  # stays when the account goes
    comment = models.TextField(blank=True)

    # What was asked for.
    ref = models.CharField(max_length=200, blank=True)
    flags = models.JSONField(default=dict)  # NAME: value, as stages get them
    skip = models.JSONField(default=list)  # names of stages
    step = models.BooleanField(default=False)
    rollback_to = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT,
                                    related_name="returns")
    rollback_of = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT,
                                    related_name="undone_by")
    keep_settings = models.BooleanField(default=False)  # a rollback of the code alone
    resumed = models.BooleanField(default=False)

    # What became of it.
    commit = models.CharField(max_length=64, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    started = models.DateTimeField(null=True, blank=True)
    ended = models.DateTimeField(null=True, blank=True)
    snapshot = models.JSONField(null=True)
    record = models.JSONField(null=True)
    marks = models.JSONField(default=dict)
    switches = models.BooleanField(default=False)  # a stage of it is there to put it live
    switched = models.BooleanField(default=False)  # that stage has begun
    log_lines = models.PositiveBigIntegerField(default=0)  # whole ones
    log_bytes = models.PositiveBigIntegerField(default=0)
    pruned = models.BooleanField(default=False)  # its log was too old to be kept
    version = models.PositiveBigIntegerField(default=0)  # grows with whatever a page would show

    # What passes between its pages and its worker.
    worker = models.ForeignKey("pushes.Worker", null=True, blank=True, on_delete=models.SET_NULL,
                               related_name="pushes")
    cancelled_by = models.CharField(max_length=150, blank=True)
    awaits = models.CharField(max_length=80, blank=True)  # in step mode, the stage asked about
    decision = models.CharField(max_length=10, blank=True)  # run, skip or stop
    decided_by = models.CharField(max_length=150, blank=True)

    objects = PushQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "pushes"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["deployment"], condition=models.Q(state__in=ACTIVE),
                name="one_push_at_a_time"),
            models.UniqueConstraint(
                fields=["deployment", "number"], name="one_push_of_a_number"),
        ]
        indexes = [
            models.Index(fields=["deployment", "-id"], name="pushes_of_a_deployment"),
            models.Index(fields=["deployment", "state", "-id"], name="pushes_by_state"),
            models.Index(fields=["user", "-id"], name="pushes_of_a_person"),
            models.Index(fields=["state"], name="pushes_that_run",
                         condition=models.Q(state__in=ACTIVE)),
        ]

    def __str__(self):
        if self.number:
            return f"push {self.number}"
        begun = {State.QUEUED: "is queued", State.RUNNING: "begins"}
        return f"a push that {begun.get(self.state, 'never began')}"

    def get_absolute_url(self):
        """Its page."""
        return reverse("pushes:push", args=[self.deployment_id, self])

    @property
    def heading(self):
        """What its page is called."""
        name = str(self)
        return name[0].upper() + name[1:]

    @property
    def active(self):
        """Whether it waits for a worker, or runs."""
        return self.state in ACTIVE

    @property
    def effective_state(self):
        """Its state, as far as a page can know: lost where its worker's heart has stopped."""
        if self.state != State.RUNNING or (self.worker and self.worker.lives):
            return State(self.state)
        return State.LOST

    @property
    def display_state(self):
        """The word for `standing` on pages: it "asks" while it waits for an answer in step mode."""
        asks = self.awaits and self.effective_state == State.RUNNING
        return "asks" if asks else str(self.effective_state)

    @property
    def last_begun(self):
        """The last push of its deployment that a worker began, None if none did."""
        begun = self.deployment.pushes.exclude(number=None).order_by("-number")
        return begun.only("number", "deployment").first()

    @property
    def resumable(self):
        """Whether it may go on where it stopped: it ended badly, and is the last one."""
        stopped = self.effective_state in (State.FAILED, State.CANCELLED, State.LOST)
        return stopped and self == self.last_begun

    @property
    def duration(self):
        """How long it took, or has taken so far; None before it began."""
        if self.started is None:
            return None
        return (self.ended or timezone.now()) - self.started

    @property
    def engine_record(self):
        """The engine's record of it; None before a worker began it."""
        return Record.from_json(self.record) if self.record else None


class LogChunk(models.Model):
    """What was said between two flushes: bytes as the engine masked them, and where from.

    Lines of the log count from 0 and end with a newline, which a chunk needn't: the line that is
    open at its end goes on in the next one. `first_line` is the number of the line that its first
    byte belongs to, `last_line` that plus its newlines. `spans` covers `data`, in order:
    [bytes, stage's index, stream, seconds since 1970, host], `stream` being "stdout", "stderr" or
    "note" (the engine's own words). A line has one source: where another speaks while it is
    open, a newline ends it.
    """

    push = models.ForeignKey(Push, on_delete=models.CASCADE, related_name="chunks")
    sequence = models.PositiveIntegerField()  # from 0, without gaps
    offset = models.PositiveBigIntegerField()  # of its first byte in the log
    first_line = models.PositiveBigIntegerField()
    last_line = models.PositiveBigIntegerField()
    data = models.BinaryField()
    spans = models.JSONField()

    class Meta:
        ordering = ["sequence"]
        constraints = [
            models.UniqueConstraint(fields=["push", "sequence"], name="one_chunk_of_a_sequence"),
        ]
        indexes = [
            models.Index(fields=["push", "last_line"], name="chunk_of_a_line"),
        ]

    def __str__(self):
        return f"lines {self.first_line} to {self.last_line} of {self.push}"


class LogIndex(models.Model):
    """Of the log of one push that has ended. A part is some chunks long.

    `parts` are the sequence numbers of the chunks that each of them begins with.
    """

    push = models.OneToOneField(Push, on_delete=models.CASCADE, related_name="log_index")
    parts = models.JSONField()

    class Meta:
        verbose_name_plural = "log indexes"

    def __str__(self):
        return f"index of the log of {self.push}"


class LogIndexRow(models.Model):
    """A run of buckets (pushes/indexing.py): for each of them, in which parts it is."""

    index = models.ForeignKey(LogIndex, on_delete=models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField()
    bits = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["index", "number"], name="one_row_of_a_number"),
        ]

    def __str__(self):
        return f"row {self.number} of {self.index}"


BEAT = 1.0  # seconds between two beats
LAPSED = 10.0  # seconds without a beat, after which a worker is held to be dead
HANDOVER = timedelta(seconds=30)  # in which the worker of a newer release begins


def process_namespace():
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
        here = self.filter(machine=process_namespace(), ended=None)
        worker = here.filter(pid=os.getppid()).order_by("-pk").first()
        if worker:
            yield worker
            return
        own = self.create(name=secrets.token_hex(16), machine=process_namespace(), pid=os.getpid(),
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
        here = self.filter(ended=None, machine=process_namespace())
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

    class Meta:
        db_table = "worker_worker"  # its table from the time when the model was in `worker`

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
                or (self.machine == process_namespace()
                    and _began(self.pid) < self.started.timestamp()))


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
