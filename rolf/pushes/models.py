"""Pushes, their logs, and the workers that carry them out."""

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
from bootstrapper.deploy.events.record import Record, StageRecord
from bootstrapper.deploy.running import process_tree
from django.conf import settings
from django.db import connection, models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from deployments.models import Deployment

ACTIVE = (State.QUEUED, State.RUNNING)
STOPPED = (State.FAILED, State.CANCELLED, State.LOST)
DONE = (State.SUCCEEDED, State.SKIPPED)  # stages that a resumed push does not run again
ASKS = "asks"  # what pages show instead of State.RUNNING while a push waits for a decision


class PushQuerySet(models.QuerySet):
    """Queries for pushes."""

    def active(self):
        """Filter for pushes that are queued or running."""
        return self.filter(state__in=ACTIVE)

    def gone_live(self):
        """Filter for pushes that went live.

        Their stage that switches has begun, or they have no such stage and succeeded.
        """
        return self.filter(Q(switched=True) | Q(switches=False, state=State.SUCCEEDED))

    def listed(self):
        """Defer the large fields, which only the page of a single push needs."""
        return self.defer("snapshot", "record", "marks", "flags", "skip")

    def with_ends(self):
        """Join the worker, and both pushes of a rollback without their large fields."""
        ends = ("rollback_to", "rollback_of")
        return self.select_related("worker", *ends).defer(
            *(f"{end}__{heavy}" for end in ends for heavy in ("snapshot", "record", "marks"))
        )


class Push(models.Model):
    """A push of a deployment: a deploy or a rollback.

    `number` counts the pushes of the deployment, on its hosts as well. A push gets it when its
    worker begins it. `snapshot` is the engine's snapshot, with the code of each stage. `record` is
    the engine's record as of the last event. `marks` has, for the index of a stage (as text), the
    line of the log where the stage begins and its first line on stderr:
    {"0": {"line": 0, "error": 12}}.
    """

    State = models.TextChoices(
        "State",
        {
            state.name: (state.value, state.value)
            for state in State
            if state not in (State.WAITING, State.SKIPPED)
        },
    )

    deployment = models.ForeignKey(Deployment, on_delete=models.PROTECT, related_name="pushes")
    number = models.PositiveIntegerField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    reason = models.TextField(blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="pushes"
    )
    user_name = models.CharField(max_length=150)  # stays when the account is deleted
    comment = models.TextField(blank=True)

    # What the user asked for.
    ref = models.CharField(max_length=200, blank=True)
    flags = models.JSONField(default=dict)  # NAME: value, as in the environment of stages
    skip = models.JSONField(default=list)  # names of stages
    step = models.BooleanField(default=False)
    rollback_to = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="returns"
    )
    rollback_of = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="undone_by"
    )
    keep_settings = models.BooleanField(default=False)  # a rollback of the code only
    resumed = models.BooleanField(default=False)

    # What happened.
    commit = models.CharField(max_length=64, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    started = models.DateTimeField(null=True, blank=True)
    ended = models.DateTimeField(null=True, blank=True)
    snapshot = models.JSONField(null=True)
    record = models.JSONField(null=True)
    marks = models.JSONField(default=dict)
    switches = models.BooleanField(default=False)  # it has a stage that puts the release live
    switched = models.BooleanField(default=False)  # that stage has begun
    log_lines = models.PositiveBigIntegerField(default=0)  # complete lines
    log_bytes = models.PositiveBigIntegerField(default=0)
    pruned = models.BooleanField(default=False)  # its log was old and has been removed
    version = models.PositiveBigIntegerField(default=0)  # grows with each change that pages show

    # Messages between the pages and the worker.
    worker = models.ForeignKey(
        "pushes.Worker", null=True, blank=True, on_delete=models.SET_NULL, related_name="pushes"
    )
    cancelled_by = models.CharField(max_length=150, blank=True)
    awaits = models.CharField(max_length=80, blank=True)  # in step mode, the stage to decide about
    decision = models.CharField(max_length=10, blank=True)  # run, skip or stop
    decided_by = models.CharField(max_length=150, blank=True)

    objects = PushQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "pushes"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["deployment"],
                condition=models.Q(state__in=ACTIVE),
                name="one_push_at_a_time",
            ),
            models.UniqueConstraint(fields=["deployment", "number"], name="one_push_of_a_number"),
        ]
        indexes = [
            models.Index(fields=["deployment", "-id"], name="pushes_of_a_deployment"),
            models.Index(fields=["deployment", "state", "-id"], name="pushes_by_state"),
            models.Index(fields=["user", "-id"], name="pushes_of_a_person"),
            models.Index(
                fields=["state"], name="pushes_that_run", condition=models.Q(state__in=ACTIVE)
            ),
        ]

    def __str__(self):
        if self.number:
            return f"push {self.number}"
        begun = {State.QUEUED: "is queued", State.RUNNING: "begins"}
        return f"a push that {begun.get(self.state, 'never began')}"

    def get_absolute_url(self):
        """Return the URL of the push's page."""
        return reverse("pushes:push", args=[self.deployment_id, self])

    @property
    def heading(self):
        """The heading of its page, such as "Push 7"."""
        name = str(self)
        return name[0].upper() + name[1:]

    @property
    def active(self):
        """Whether it is queued or running."""
        return self.state in ACTIVE

    @property
    def effective_state(self):
        """Its state; LOST if it is running and its worker has died."""
        if self.state != State.RUNNING or (self.worker and self.worker.lives):
            return State(self.state)
        return State.LOST

    @property
    def asks(self):
        """Whether it waits for a user's decision about a stage, in step mode."""
        return bool(self.awaits) and self.effective_state == State.RUNNING

    @property
    def display_state(self):
        """The word that pages show for its state: `effective_state`, or ASKS while it asks."""
        return ASKS if self.asks else str(self.effective_state)

    @property
    def cancellable(self):
        """Whether a user can cancel it: it is queued, or its worker lives and runs it."""
        return self.effective_state in ACTIVE

    @property
    def stopped(self):
        """Whether it has ended without success."""
        return self.effective_state in STOPPED

    @property
    def last_begun(self):
        """The last push of the deployment that a worker began, or None."""
        begun = self.deployment.pushes.exclude(number=None).order_by("-number")
        return begun.only("number", "deployment").first()

    @property
    def resumable(self):
        """Whether it can be resumed: it has stopped, and it is the deployment's last push."""
        return self.stopped and self == self.last_begun

    @property
    def duration(self):
        """How long it has taken, up to now if it has not ended; None before it began."""
        if self.started is None:
            return None
        return (self.ended or timezone.now()) - self.started

    @property
    def engine_record(self):
        """The engine's Record; None before a worker began the push."""
        return Record.from_json(self.record) if self.record else None

    @property
    def stages(self):
        """Its stages as the engine's StageRecords; before a worker began it, they wait."""
        if self.record:
            return self.engine_record.stages
        planned = (self.snapshot or {}).get("stages", [])
        return tuple(StageRecord(name=stage["name"]) for stage in planned)


class LogChunk(models.Model):
    """A piece of a push's log: bytes whose secrets the engine has masked, and their sources.

    Lines of the log count from 0 and end with a newline. A chunk may end within a line, which
    continues in the next chunk. `first_line` is the number of the line that the first byte belongs
    to, and `last_line` is that number plus the newlines in `data`. `spans` describe `data` in
    order: [bytes, index of the stage, stream, seconds since 1970, host]. The stream is "stdout",
    "stderr" or "note" (text of the engine itself). Each line has one source: if another source
    writes while a line is open, a newline ends that line.
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
    """The search index of the log of a push that has ended (pushes/log_view/index.py).

    It divides the log into parts of several chunks. `parts` has the sequence number of the first
    chunk of each part.
    """

    push = models.OneToOneField(Push, on_delete=models.CASCADE, related_name="log_index")
    parts = models.JSONField()

    class Meta:
        verbose_name_plural = "log indexes"

    def __str__(self):
        return f"index of the log of {self.push}"


class LogIndexRow(models.Model):
    """A run of the index's buckets: which parts of the log each bucket occurs in."""

    index = models.ForeignKey(LogIndex, on_delete=models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField()
    bits = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["index", "number"], name="one_row_of_a_number"),
        ]

    def __str__(self):
        return f"row {self.number} of {self.index}"


BEAT = 1.0  # seconds between two heartbeats
LAPSED = 10.0  # seconds without a heartbeat, after which a worker counts as dead
HANDOVER = timedelta(seconds=30)  # for the worker of a newer release to start


def process_namespace():
    """Return the host name and the PID namespace: where a process id is unique."""
    return f"{socket.gethostname()} {Path('/proc/self/ns/pid').stat().st_ino}"


class WorkerQuerySet(models.QuerySet):
    """Queries for workers, by their heartbeat."""

    def heard(self):
        """Filter for workers with a recent heartbeat, or whose successor is about to start."""
        now = timezone.now()
        return self.filter(
            Q(ended=None, beat__gt=now - timedelta(seconds=LAPSED)) | Q(ended__gt=now)
        )

    @contextmanager
    def carrying(self):
        """Yield the Worker that is the parent of this process.

        With another back end for tasks, such as the one of tests, there is none. Then this process
        is a worker of its own until the body ends.
        """
        here = self.filter(machine=process_namespace(), ended=None)
        worker = here.filter(pid=os.getppid()).order_by("-pk").first()
        if worker:
            yield worker
            return
        own = self.create(
            name=secrets.token_hex(16),
            machine=process_namespace(),
            pid=os.getpid(),
            beat=timezone.now(),
        )
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
        """Filter for workers that have died.

        A worker of this machine is dead if its process is gone. It may have no heartbeat for long
        and still live: it waits for the database or a write lock, it was stopped, or the clock was
        set. A worker of another machine is dead if it has no recent heartbeat.
        """
        silent = self.filter(ended=None, beat__lte=timezone.now() - timedelta(seconds=LAPSED))
        here = self.filter(ended=None, machine=process_namespace())
        dead = [worker.pk for worker in silent if not worker.lives]
        gone = [worker.pk for worker in here if not Path(f"/proc/{worker.pid}").exists()]
        return self.filter(pk__in=[*dead, *gone])


class Worker(models.Model):
    """One process of `manage.py worker`. Each start of the command creates another row."""

    name = models.CharField(max_length=64, unique=True)  # its id in the queue
    machine = models.CharField(max_length=200)
    pid = models.PositiveIntegerField()
    started = models.DateTimeField(auto_now_add=True)
    beat = models.DateTimeField()
    # A worker that ends for a newer release sets this to when its successor must have started.
    ended = models.DateTimeField(null=True, blank=True)

    objects = WorkerQuerySet.as_manager()

    class Meta:
        db_table = "worker_worker"  # the model was in `worker` once

    def __str__(self):
        return f"worker {self.pid} on {self.machine}"

    def beat_until(self, done):
        """Send heartbeats until the event `done` is set. Call this in a thread of its own."""
        while not done.wait(BEAT):
            type(self).objects.filter(pk=self.pk).update(beat=timezone.now())
        connection.close()

    @property
    def lives(self):
        """Whether it has a recent heartbeat, or is a running process of this machine."""
        if self.ended is not None:
            return False
        return self.beat > timezone.now() - timedelta(seconds=LAPSED) or (
            self.machine == process_namespace() and _began(self.pid) < self.started.timestamp()
        )


def _began(pid):
    """Return when a process began, in seconds since 1970, or infinity if there is no such process.

    A process that began later than a worker is not that worker: the system reused its process id.
    """
    found = process_tree.status(pid)
    if found is None or found.zombie:
        return math.inf
    age = time.clock_gettime(time.CLOCK_BOOTTIME) - (
        found.process.started / os.sysconf("SC_CLK_TCK")
    )
    return time.time() - age
