"""The first of all superusers, who makes the others."""

import secrets

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

NAME = "admin"
# 74 random bits that can be read out and typed: nothing here looks like something else.
LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
GROUPS = (5, 5, 5)


def new_password():
    """Return a password that nobody has thought of."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(size)) for size in GROUPS)


@transaction.atomic
def first_superuser():
    """Make a superuser where there is no user at all; return name and password, else None."""
    users = get_user_model().objects
    if users.exists():
        return None
    password = new_password()
    users.create_superuser(NAME, password=password, password_set=timezone.now())
    return NAME, password
