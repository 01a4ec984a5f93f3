"""A push of a deployment: what the user asked for, and what happened."""

from bootstrapper.deploy.events.event import State
from bootstrapper.deploy.events.record import Record, StageRecord
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse

from database import clock
from database.fields import BytesJSONField
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

    def claimable_in(self, place):
        """Filter for pushes that a worker with the work directory `place` can carry out.

        A resumed push needs its checkout, which may be in another work directory.
        """
        return self.filter(Q(resumed=False) | ~Q(checkout="") | Q(kept_on__in=("", place)))

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
    created = models.DateTimeField(default=clock.now)
    queued = models.DateTimeField(
        default=clock.now, db_default=Now()
    )  # for the last time: a push can be resumed
    claims = models.PositiveSmallIntegerField(
        default=0, db_default=0
    )  # by workers, since it was queued
    started = models.DateTimeField(null=True, blank=True)
    ended = models.DateTimeField(null=True, blank=True)
    snapshot = models.JSONField(null=True)
    record = BytesJSONField(null=True)
    marks = models.JSONField(default=dict)
    switches = models.BooleanField(default=False)  # it has a stage that puts the release live
    switched = models.BooleanField(default=False)  # that stage has begun
    log_lines = models.PositiveBigIntegerField(default=0)  # complete lines
    log_bytes = models.PositiveBigIntegerField(default=0)
    joined_bytes = models.PositiveBigIntegerField(
        default=0, db_default=0
    )  # of the log, whose chunks are joined
    stored = models.BooleanField(default=False, db_default=False)  # its log is in the store of logs
    pruned = models.BooleanField(default=False)  # its log was old and has been removed
    version = models.PositiveBigIntegerField(default=0)  # grows with each change that pages show

    # What a resumed push needs (pushes/checkouts).
    kept_on = models.CharField(
        max_length=300, blank=True, db_default=""
    )  # the work directory with its checkout
    checkout = models.CharField(
        max_length=64, blank=True, db_default=""
    )  # SHA-256 of the checkout in the store

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
                fields=["id"],
                name="pushes_to_join",
                condition=models.Q(joined_bytes__lt=models.F("log_bytes")),
            ),
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
        return (self.ended or clock.now()) - self.started

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
