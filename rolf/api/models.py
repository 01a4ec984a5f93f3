"""Tokens: what a script shows instead of a password."""

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from deployments.models import Deployment, Level

BEGINS = "rolf_"  # so that a scanner for secrets knows what it found
USE_IS_NOTED = timedelta(minutes=1)  # at most that often


def digest(text):
    """Return what is kept of a token: as random as it is, a plain hash can't be turned back."""
    return hashlib.sha256(text.encode()).hexdigest()


class TokenQuerySet(models.QuerySet):
    """Tokens by who may see them, and by what they open."""

    def seen_by(self, user):
        """One's own; of superusers everybody's."""
        return self if user.is_superuser else self.filter(user=user)

    def opening(self):
        """Those that still open something."""
        unexpired = Q(expires=None) | Q(expires__gt=timezone.now())
        return self.filter(unexpired, revoked=None, user__is_active=True)

    def opened_by(self, text):
        """Return the token that this is, with its user; None if it opens nothing (any more)."""
        return self.opening().filter(digest=digest(text)).select_related("user").first()


class Token(models.Model):
    """A person's, for scripts of theirs: never more than they may do themselves.

    It is shown once; `digest` (SHA-256, hexadecimal) is what is kept. It reaches all deployments,
    or those that are `chosen`.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=12)  # how it begins, to tell it from others
    level = models.PositiveSmallIntegerField(
        choices=[(Level.VIEW, "view"), (Level.PUSH, "push")], default=Level.VIEW)
    all_deployments = models.BooleanField(default=False)
    chosen = models.ManyToManyField(Deployment, blank=True, related_name="+")
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField(null=True, blank=True)
    revoked = models.DateTimeField(null=True, blank=True)
    used = models.DateTimeField(null=True, blank=True)

    objects = TokenQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self):
        return self.name

    def make(self):
        """Give it its text, which is returned, and known to nobody afterwards."""
        text = BEGINS + secrets.token_urlsafe(32)
        self.digest, self.hint = digest(text), text[:len(BEGINS) + 4]
        return text

    def note_use(self):
        """Keep that it was used just now: the one thing that a GET changes anywhere."""
        now = timezone.now()
        if self.used is None or self.used < now - USE_IS_NOTED:
            type(self).objects.filter(pk=self.pk).update(used=now)

    @property
    def expired(self):
        """Whether its time is over."""
        return self.expires is not None and self.expires <= timezone.now()

    @property
    def valid(self):
        """Whether it still opens anything."""
        return self.revoked is None and not self.expired

    @property
    def deployments(self):
        """The keys of those that it reaches, as a query within a query; None is all."""
        return None if self.all_deployments else self.chosen.values("pk")

    def history_fields(self):
        """Return what the history keeps of it."""
        chosen = [] if self.all_deployments else self.chosen.select_related("application")
        return {"user": self.user.get_username(), "level": self.get_level_display(),
                "deployments": "all" if self.all_deployments else [str(one) for one in chosen],
                "expires": self.expires.isoformat() if self.expires else None,
                "revoked": self.revoked is not None}
