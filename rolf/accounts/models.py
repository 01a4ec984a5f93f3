"""Users of the site, and the groups that they are in."""

from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import Group as DjangoGroup
from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac

from .login_throttle import Tries

__all__ = ["Group", "Tries", "User"]


class User(AbstractUser):
    """A user; Django's own fields, in a table that the site may extend at any time."""

    password_set = models.DateTimeField(null=True, editable=False)
    # Sessions that began before are over, whatever back end they came from.
    sessions_ended = models.DateTimeField(null=True, editable=False)

    def set_password(self, raw_password):
        """Note when that was, so that the history tells it: what a password was, nobody knows."""
        super().set_password(raw_password)
        self.password_set = timezone.now()

    def get_session_auth_hash(self):
        """Return what a session has to know: another one ends it (django.contrib.auth.get_user)."""
        known = super().get_session_auth_hash()
        if self.sessions_ended is None:
            return known
        return salted_hmac(
            "accounts.sessions", f"{known} {self.sessions_ended.isoformat()}",
            algorithm="sha256").hexdigest()

    def get_session_auth_fallback_hash(self):
        """Yield what sessions knew under earlier keys; those that were ended aren't among them."""
        return super().get_session_auth_fallback_hash() if self.sessions_ended is None else ()

    def described(self):
        """Return what the history keeps of them."""
        return {"name": self.get_username(), "full_name": self.get_full_name(),
                "email": self.email, "superuser": self.is_superuser, "active": self.is_active,
                "groups": _sorted(self.groups, "name"),
                "password_set": self.password_set.isoformat(" ", "seconds")
                if self.password_set else ""}


class Group(DjangoGroup):
    """Django's, with what the history keeps of it; grants say what its members may do."""

    class Meta:
        proxy = True
        verbose_name = "group"

    def described(self):
        """Return what the history keeps of it; what it may do is kept by deployments."""
        return {"name": self.name, "members": _sorted(self.user_set, "username")}


def _sorted(related, field):
    return sorted(related.values_list(field, flat=True))
