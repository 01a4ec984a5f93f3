"""Who a person is at a provider, the groups that a mapping fills, and the open sessions."""

from importlib import import_module

from django.conf import settings
from django.contrib.auth.models import Group
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models

from database import clock

from .browsers import describe


class Identity(models.Model):
    """What a provider knows an account as. An account has at most one for each method.

    `subject` never changes at the provider (LDAP's entryUUID, OpenID's `sub`); `name` is the user
    name there, which can. `details` belong to the method. `confirmed` is when the provider last
    confirmed that the person may log in; it is None after a refusal. Rolf last asked without the
    person at `asked`, and last failed to reach the provider at `unreachable`.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="identities"
    )
    method = models.CharField(max_length=20)
    subject = models.CharField(max_length=255)
    name = models.CharField(max_length=255)
    details = models.JSONField(default=dict)
    confirmed = models.DateTimeField(null=True)
    asked = models.DateTimeField(null=True)
    unreachable = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "identities"
        constraints = [
            models.UniqueConstraint(fields=["method", "subject"], name="one_account_a_subject"),
            models.UniqueConstraint(fields=["user", "method"], name="one_identity_a_method"),
        ]

    def __str__(self):
        return f"{self.name} ({self.method})"


class ManagedGroup(models.Model):
    """A group that the mapping fills. Rolf put the accounts of `identities` into it, no others."""

    group = models.OneToOneField(Group, on_delete=models.CASCADE, related_name="managed")
    identities = models.ManyToManyField(Identity, related_name="managed")

    def __str__(self):
        return self.group.name


class SessionQuerySet(models.QuerySet):
    """Queries for sessions."""

    def open(self):
        """Filter for sessions of users that have not expired, those seen last first."""
        unexpired = self.filter(user__isnull=False, expire_date__gt=clock.now())
        return unexpired.order_by("-last_seen", "pk")

    def seen_by(self, user):
        """Filter for the open sessions of the user; superusers see everybody's."""
        return self.open() if user.is_superuser else self.open().filter(user=user)

    def remove_expired(self):
        """Remove the rows of sessions that have expired; return their number."""
        return self.filter(expire_date__lte=clock.now()).delete()[0]

    def end(self):
        """End the sessions; return their number. Event streams notice it in a few seconds."""
        return self.delete()[0]


class Session(AbstractBaseSession):
    """A session, with what its user wants to know of it. Deleting the row ends the session.

    `number` names the session in URLs: the key is what the browser proves itself with, and changes.
    A session without a user is that of a visitor who is not logged in.
    """

    number = models.UUIDField(db_index=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="sessions"
    )
    method = models.CharField(max_length=20)
    address = models.GenericIPAddressField(null=True)
    agent = models.CharField(max_length=300)
    started = models.DateTimeField(null=True)
    last_seen = models.DateTimeField(null=True)

    objects = SessionQuerySet.as_manager()

    @property
    def browser(self):
        """The browser and the system, in words."""
        return describe(self.agent)

    @classmethod
    def get_session_store_class(cls):
        """Return the store that reads these rows."""
        return import_module(settings.SESSION_ENGINE).SessionStore
