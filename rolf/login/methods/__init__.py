"""The methods of login. Each module has a back end `Backend`, and a `METHOD` that describes it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module

from django.conf import settings


class Unreachable(Exception):  # noqa: N818 - the name of the condition
    """The provider cannot be asked now: nothing is known about the person."""


class CannotAsk(Exception):  # noqa: N818 - the name of the condition
    """The provider cannot be asked about this person: the last confirmation stays the last one."""


@dataclass(frozen=True, kw_only=True)
class Outside:
    """What a provider says about a person: the names of all groups, full name and address."""

    groups: frozenset[str] = field(default_factory=frozenset)
    full_name: str = ""
    email: str = ""


@dataclass(frozen=True, kw_only=True)
class Method:
    """A method of login.

    `title` names it for people. `url` is the name of the URL at which a login begins; it is empty
    if the method takes a user name and a password on the login page. `ask(identity)` asks the
    provider without the person: it returns an `Outside`, or None if the person may no longer log
    in, and raises Unreachable or CannotAsk. `ask` is None if that is impossible without the person.
    """

    name: str
    title: str
    url: str = ""
    ask: Callable | None = None


def method(name):
    """Return the Method of that name, or None if the installation has not chosen it."""
    return _load(name) if name in settings.LOGIN_METHODS else None


def chosen():
    """Return the chosen methods, in the order of LOGIN_METHODS."""
    return [_load(name) for name in settings.LOGIN_METHODS]


@cache
def _load(name):
    return import_module(f"{__name__}.{name}").METHOD
