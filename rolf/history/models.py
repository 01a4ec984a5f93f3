"""Changes to deployments, recipes, accounts and permissions, with the user who made them."""

from contextlib import contextmanager

from django.conf import settings
from django.db import models

from .diffs import differences
from .events import record_event
from .paging import KeysetPage

PAGE = 50
SETTING = "setting"  # the kind whose values may be secrets


class ChangeQuerySet(models.QuerySet):
    """Changes a page at a time."""

    def page(self, before=None):
        """Return a KeysetPage of the changes, newest first; those of secrets are `hidden`."""
        page = KeysetPage.before(before, self, PAGE)
        _hide_secrets(page.rows)
        return page


class Change(models.Model):
    """One change of one row: `before` is None if it was created, `after` if it was deleted.

    Both are what the subject's `history_fields()` returned. The value of a secret is a fingerprint,
    which no page shows. The names of users and subjects are kept as text, so that a change can be
    read after they were deleted.
    """

    at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    by_name = models.CharField(max_length=150)
    deployment = models.ForeignKey(
        "deployments.Deployment",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="changes",
    )
    kind = models.CharField(max_length=40)  # setting, stage, recipe ... as people call it
    name = models.CharField(max_length=200)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    objects = ChangeQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["deployment", "-id"], name="changes_of_a_deployment"),
            models.Index(fields=["kind", "name", "-id"], name="changes_of_a_thing"),
        ]

    def __str__(self):
        return f"{self.kind} {self.name} by {self.by_name}"

    # Whether pages hide the value, because the setting was a secret at another time.
    hidden = False

    @property
    def verb(self):
        """What was done, in a word. Rows that are marked as deleted or revoked still exist."""
        before, after = self.before or {}, self.after or {}
        gone = [bool(side.get("deleted") or side.get("revoked")) for side in (before, after)]
        if not self.after or gone == [False, True]:
            return "revoked" if after.get("revoked") else "deleted"
        if not self.before:
            return "created"
        return "restored" if gone == [True, False] else "changed"

    @property
    def differences(self):
        """The fields that differ."""
        return differences(self.before, self.after, secret=self.hidden)


def _hide_secrets(changes):
    """Hide the values of settings that are or were secrets at another time."""
    of_settings = [change for change in changes if change.kind == SETTING]
    if not of_settings:
        return
    secrets = set(
        Change.objects.filter(
            kind=SETTING,
            deployment__in={change.deployment_id for change in of_settings},
            name__in={change.name for change in of_settings},
            after__secret=True,
        ).values_list("deployment", "name")
    )
    for change in of_settings:
        change.hidden = (change.deployment_id, change.name) in secrets


@contextmanager
def record_change(by, subject, deployment=None, *, by_name=""):
    """Record what the block does to ``subject``: the block creates, saves or deletes it.

    ``by`` is the user who does it; None with a ``by_name`` is a part of Rolf of that name.
    Reads the old values from the database, because a form may have changed the object already.
    """
    stored = type(subject)._default_manager.filter(pk=subject.pk).first() if subject.pk else None
    before, name = (stored.history_fields(), str(stored)) if stored else (None, "")
    yield
    after = subject.history_fields() if subject.pk else None
    if before != after:
        change = Change.objects.create(
            by=by,
            by_name=by.get_username() if by else by_name,
            deployment=deployment,
            kind=str(subject._meta.verbose_name),
            name=str(subject) or name,
            before=before,
            after=after,
        )
        record_event(change, by)
