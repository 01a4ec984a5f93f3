"""Tokens, which scripts send instead of a password."""

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q

from database import clock
from deployments.models import Deployment, Level

BEGINS = "rolf_"  # lets secret scanners recognize a token
USE_IS_NOTED = timedelta(minutes=1)  # `used` changes at most that often


def digest(text):
    """Return the hash of a token. Tokens are random, so a fast hash without salt is safe."""
    return hashlib.sha256(text.encode()).hexdigest()


class TokenQuerySet(models.QuerySet):
    """Queries for tokens."""

    def seen_by(self, user):
        """Filter for the user's own tokens; superusers see all tokens."""
        return self if user.is_superuser else self.filter(user=user)

    def valid(self):
        """Filter for tokens that are neither expired nor revoked, of active users."""
        unexpired = Q(expires=None) | Q(expires__gt=clock.now())
        return self.filter(unexpired, revoked=None, user__is_active=True)

    def with_text(self, text):
        """Return the valid token with this text, joined with its user, or None."""
        return self.valid().filter(digest=digest(text)).select_related("user").first()

    def with_any_text(self, text):
        """Return the token with this text, valid or not, joined with its user, or None."""
        return self.filter(digest=digest(text)).select_related("user").first()


class Token(models.Model):
    """A token of a user, for the user's scripts. It never has more permission than the user.

    Rolf shows its text once, and stores only `digest` (SHA-256, hexadecimal). The token is for all
    deployments or for the `chosen` ones.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tokens"
    )
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=12)  # how the text begins, to recognize the token
    level = models.PositiveSmallIntegerField(
        choices=[(Level.VIEW, "view"), (Level.PUSH, "push")], default=Level.VIEW
    )
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

    def generate(self):
        """Generate and return the text, which cannot be read from the row later."""
        text = BEGINS + secrets.token_urlsafe(32)
        self.digest, self.hint = digest(text), text[: len(BEGINS) + 4]
        return text

    def note_use(self):
        """Store the time of use. This is the only change that a GET request makes."""
        now = clock.now()
        if self.used is None or self.used < now - USE_IS_NOTED:
            type(self).objects.filter(pk=self.pk).update(used=now)

    @property
    def expired(self):
        """Whether it has expired."""
        return self.expires is not None and self.expires <= clock.now()

    @property
    def valid(self):
        """Whether it is neither expired nor revoked."""
        return self.revoked is None and not self.expired

    @property
    def fault(self):
        """Why it is not valid, in a word; "" if it is."""
        if self.revoked is not None:
            return "revoked"
        if self.expired:
            return "expired"
        return "" if self.user.is_active else "deactivated"

    @property
    def deployments(self):
        """The keys of its deployments, as a subquery; None for all."""
        return None if self.all_deployments else self.chosen.values("pk")

    def history_fields(self):
        """Return the fields that the history stores."""
        chosen = [] if self.all_deployments else self.chosen.select_related("application")
        return {
            "user": self.user.get_username(),
            "level": self.get_level_display(),
            "deployments": "all" if self.all_deployments else [str(one) for one in chosen],
            "expires": self.expires.isoformat() if self.expires else None,
            "revoked": self.revoked is not None,
        }
