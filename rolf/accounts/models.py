"""Users, groups, and counts of failed logins."""

from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import Group as DjangoGroup
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.crypto import salted_hmac

from database import clock

from .user_names import NameKeyField, UserManager, name_key


class User(AbstractUser):
    """A user, with Django's fields and when the password was set and all sessions were ended."""

    # No two accounts have names that differ only in case: `admin` and `ADMIN` are one.
    name_key = NameKeyField()
    # Whether a central login decides about the account (login/accept.py). It has no password here.
    central = models.BooleanField(default=False, editable=False)
    password_set = models.DateTimeField(null=True, editable=False)
    # Sessions that began before this time are invalid, whatever back end they came from.
    sessions_ended = models.DateTimeField(null=True, editable=False)

    objects = UserManager()

    def clean(self):
        """Refuse the name of another account, in whatever spelling."""
        super().clean()
        same = type(self).objects.filter(name_key=name_key(self.username)).exclude(pk=self.pk)
        # A name from before this rule may stay; see NameKeyField.
        kept = (self.name_key or "").partition(" ")[0] == name_key(self.username)
        if not kept and (other := same.first()):
            raise ValidationError(
                {"username": f"The user {other.username} already exists; case makes no difference."}
            )

    def set_password(self, raw_password):
        """Set the password and note the time, which the history shows."""
        super().set_password(raw_password)
        self.password_set = clock.now()

    def get_session_auth_hash(self):
        """Return the hash that a session must have: django.contrib.auth.get_user compares it."""
        password_hash = super().get_session_auth_hash()
        if self.sessions_ended is None:
            return password_hash
        return salted_hmac(
            "accounts.sessions",
            f"{password_hash} {self.sessions_ended.isoformat()}",
            algorithm="sha256",
        ).hexdigest()

    def get_session_auth_fallback_hash(self):
        """Yield the hashes under earlier secret keys, unless sessions were ended."""
        return super().get_session_auth_fallback_hash() if self.sessions_ended is None else ()

    def history_fields(self):
        """Return what the history keeps of the user."""
        return {
            "name": self.get_username(),
            "full_name": self.get_full_name(),
            "email": self.email,
            "superuser": self.is_superuser,
            "active": self.is_active,
            "groups": _sorted(self.groups, "name"),
            "password_set": self.password_set.isoformat(" ", "seconds")
            if self.password_set
            else "",
        }


class Group(DjangoGroup):
    """Django's group, for the history; `deployments.Grant` has the permissions of its members."""

    class Meta:
        proxy = True
        verbose_name = "group"

    def history_fields(self):
        """Return what the history keeps of the group; its permissions belong to deployments."""
        return {"name": self.name, "members": _sorted(self.user_set, "username")}


class LoginAttempts(models.Model):
    """Login attempts for an account from an address since the last successful one.

    ``key`` is a hash of both: users sometimes type their password into the name field.
    """

    key = models.CharField(max_length=64, unique=True)
    number = models.PositiveIntegerField(default=0)
    last = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "accounts_tries"  # the name of the model in earlier releases
        verbose_name_plural = "login attempts"

    def __str__(self):
        return f"{self.number} up to {self.last}"


def _sorted(related, field):
    return sorted(related.values_list(field, flat=True))
