"""User names that differ only in case or in the form of their characters are the same name."""

import unicodedata

from django.contrib.auth.models import UserManager as DjangoUserManager
from django.db import models
from django.db.models import Case, Q, When


def name_key(name):
    """Return what the spellings of a user name have in common: "admin", "ADMIN" and "ａｄｍｉｎ".

    This is the identifier caseless match of the Unicode Standard (chapter 3.13, D147).
    """
    folded = unicodedata.normalize("NFD", name)
    folded = unicodedata.normalize("NFKC", folded).casefold()
    return unicodedata.normalize("NFKC", folded).casefold()


class NameKeyField(models.CharField):
    """The `name_key` of a row's user name, which the database keeps unique.

    A database from before this field may have two accounts with one key. The migration gives the
    later one a key that ends with a space and its number; it keeps that key under its name.
    """

    def __init__(self, **options):
        """Set the options: case folding makes a name of 150 characters three times as long."""
        super().__init__(
            **{"max_length": 600, "unique": True, "null": True, "editable": False, **options}
        )

    def pre_save(self, row, add):
        """Return the key of the row's name, and set it."""
        key = name_key(row.get_username())
        if (row.name_key or "").partition(" ")[0] != key:
            row.name_key = key
        return row.name_key


class UserManager(DjangoUserManager):
    """Find accounts by their name in any spelling."""

    use_in_migrations = False

    def get_by_natural_key(self, username):
        """Return the account of that name. Raise DoesNotExist if there is none.

        Of two accounts from before `NameKeyField`, it is the one with exactly that name.
        """
        username = username or ""
        named = self.filter(Q(username=username) | Q(name_key=name_key(username)))
        exact = Case(When(username=username, then=0), default=1)
        if found := named.order_by(exact).first():
            return found
        raise self.model.DoesNotExist(f"There is no account {username}.")
