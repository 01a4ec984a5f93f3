"""Users of the site."""

from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """A user; Django's own fields, in a table that the site may extend at any time."""
