"""Rows of the audit log: the chain, its head, and events that are not in the chain yet."""

import json

from django.db import models, transaction
from django.db.models import F

from . import chain

BATCH = 500  # events that one transaction appends


class Event(models.Model):
    """What happened. Names are text, so that an event can be read after its user was deleted.

    `details` is JSON in the notation of `chain.to_json`: PostgreSQL's jsonb would change it.
    """

    at = models.DateTimeField()
    action = models.CharField(max_length=64)
    outcome = models.CharField(max_length=16)
    user_key = models.BigIntegerField(null=True)
    user_name = models.CharField(max_length=150, blank=True)
    address = models.CharField(max_length=64, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    target = models.CharField(max_length=200, blank=True)
    details = models.TextField(default="{}")

    class Meta:
        abstract = True

    def __str__(self):
        return f"{self.action} {self.outcome} {self.target}".strip()


EVENT_FIELDS = tuple(field.name for field in Event._meta.fields)


class Pending(Event):
    """An event whose transaction wrote it, and that is not in the chain yet.

    The chain has one head, so a transaction that appends to it makes all others wait. Requests do
    not: they insert a row here, which needs no lock and is rolled back with their changes. After
    the commit, `Entry.objects.append_pending` moves it into the chain. If the process dies in
    between, the next event or a worker does so.
    """

    class Meta:
        default_permissions = ()


class Head(models.Model):
    """The end of the chain: one row, which is also the lock of those who append."""

    sequence = models.BigIntegerField()
    hash = models.CharField(max_length=64)

    class Meta:
        managed = False  # as Entry
        default_permissions = ()

    def __str__(self):
        return str(self.mark)

    @property
    def mark(self):
        """The HeadMark of the last row."""
        return chain.HeadMark(self.sequence, self.hash)


class EntryQuerySet(models.QuerySet):
    """The chain."""

    def append_pending(self):
        """Move all pending events into the chain."""
        while self._append_batch() == BATCH:
            pass

    @transaction.atomic
    def _append_batch(self):
        """Append at most BATCH events; return how many."""
        # The first statement takes the lock: on PostgreSQL of the row, on SQLite of the file.
        if not Head.objects.update(sequence=F("sequence")):
            raise Head.DoesNotExist("the row of audit_head is missing: ./manage.py audit verify")
        pending = list(Pending.objects.order_by("pk")[:BATCH])
        if not pending:
            return 0
        head = Head.objects.get()
        entries = []
        for event in pending:
            entry = Entry(
                sequence=head.sequence + 1,
                previous=head.hash,
                **{name: getattr(event, name) for name in EVENT_FIELDS},
            )
            entry.hash = chain.digest(entry)
            head.sequence, head.hash = entry.sequence, entry.hash
            entries.append(entry)
        self.bulk_create(entries)
        head.save()
        Pending.objects.filter(pk__in=[event.pk for event in pending]).delete()
        return len(pending)


class Entry(Event):
    """A row of the chain. The database refuses to change or delete it (migration 0001).

    That includes Django's flush between tests, which leaves out tables of unmanaged models.
    """

    sequence = models.BigIntegerField(primary_key=True)
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    objects = EntryQuerySet.as_manager()

    class Meta:
        managed = False
        default_permissions = ()
        ordering = ["-sequence"]
        indexes = [
            models.Index(fields=["action", "-sequence"], name="audit_by_action"),
            models.Index(fields=["user_name", "-sequence"], name="audit_by_user"),
            models.Index(fields=["target", "-sequence"], name="audit_by_target"),
            models.Index(fields=["at"], name="audit_by_time"),
        ]

    @property
    def shown_details(self):
        """The details as (name, text) in their order."""
        details = json.loads(self.details).items()
        return [(name.replace("_", " "), _shown(value)) for name, value in details]

    @property
    def mark(self):
        """The HeadMark of this row."""
        return chain.HeadMark(self.sequence, self.hash)


class Delivery(models.Model):
    """How far a sink has got the chain: `sent` is the sequence of the last row that it has.

    `holder` is the forwarder that sends now, until `until`.
    """

    url = models.CharField(max_length=400, unique=True)
    sent = models.BigIntegerField(default=0)
    holder = models.CharField(max_length=16, blank=True)
    until = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        verbose_name_plural = "deliveries"

    def __str__(self):
        return f"{self.url} up to {self.sent}"


def _shown(value):
    if isinstance(value, list):
        return ", ".join(value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)
