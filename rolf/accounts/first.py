"""The first of all superusers, who makes the others."""

import secrets

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

NAME = "admin"
# 72 random bits: nobody guesses that, and a person can still type it.
BYTES = 9


def new_password():
    """Return a password that nobody has thought of."""
    return secrets.token_urlsafe(BYTES)


@transaction.atomic
def first_superuser():
    """Make a superuser where there is no user at all; return name and password, else None."""
    users = get_user_model().objects
    if users.exists():
        return None
    password = new_password()
    users.create_superuser(NAME, password=password, password_set=timezone.now())
    return NAME, password
