"""Tokens: what a script shows instead of a password."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from deployments.models import Deployment, Level


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

    class Meta:
        ordering = ["-pk"]

    def __str__(self):
        return self.name

    @property
    def valid(self):
        """Whether it still opens anything."""
        expired = self.expires is not None and self.expires <= timezone.now()
        return self.revoked is None and not expired

    @property
    def deployments(self):
        """The keys of those that it reaches; None is all."""
        return None if self.all_deployments else list(self.chosen.values_list("pk", flat=True))

    def described(self):
        """Return what the history keeps of it."""
        return {"user": self.user.get_username(), "level": self.get_level_display(),
                "expires": self.expires.isoformat() if self.expires else None,
                "revoked": self.revoked is not None}
