"""Accounts of Rolf with a password. A local superuser can log in whatever methods are chosen."""

from django.conf import settings
from django.contrib.auth.backends import ModelBackend

from . import Method

METHOD = Method(name="local", title="password")


class Backend(ModelBackend):
    """Check a password of Rolf. Accounts that a central login decides about have none."""

    def user_can_authenticate(self, user):
        """Return whether the account is active, local, and may use a password here."""
        return (
            super().user_can_authenticate(user)
            and not user.central
            and ("local" in settings.LOGIN_METHODS or user.is_superuser)
        )
