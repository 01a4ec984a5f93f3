"""Create the first superuser, who creates all other accounts."""

import secrets

from django.contrib.auth import get_user_model
from django.db import transaction

import audit
from database import clock

NAME = "admin"
# 74 random bits that can be read aloud and typed: no two characters look alike.
LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
GROUPS = (5, 5, 5)


def new_password():
    """Return a random password."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(size)) for size in GROUPS)


@transaction.atomic
def first_superuser():
    """Create a superuser and return (name, password); return None if there are users already."""
    users = get_user_model().objects
    if users.exists():
        return None
    password = new_password()
    user = users.create_superuser(NAME, password=password, password_set=clock.now())
    audit.record("user.created", target=NAME, user=user, fields=["superuser"])
    return NAME, password
