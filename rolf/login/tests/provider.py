"""A provider that tests control."""

from contextlib import contextmanager
from unittest import mock

from django.test import override_settings

from login.methods import Method, Outside, Unreachable
from login.methods.central import CentralBackend

NAME = "provider"  # of the method: the name of this module, as sessions have it


class Backend(CentralBackend):
    """The back end of the provider."""


BACKEND = f"{__name__}.Backend"


class Provider:
    """A provider; `says` is an Outside, None for an unknown person, or Unreachable."""

    def __init__(self, *groups):
        """Know everybody, as a member of the groups."""
        self.says = Outside(groups=frozenset(groups))
        self.asked = 0

    def ask(self, identity):
        """Answer a question about a person."""
        self.asked += 1
        if self.says is Unreachable:
            raise Unreachable("timed out")
        return self.says


@contextmanager
def provided(provider=None, **settings):
    """Have the methods `local` and NAME, of that provider; None is one that cannot be asked."""
    fake = Method(name=NAME, title="Fake", ask=provider and provider.ask)
    chosen = {
        "LOGIN_METHODS": ["local", NAME],
        "AUTHENTICATION_BACKENDS": [
            "login.methods.local.Backend",
            BACKEND,
        ],
    }
    with (
        override_settings(**{**chosen, **settings}),
        mock.patch("login.methods._load", lambda asked: fake),
    ):
        yield provider
