"""LDAP, by django-auth-ldap: it finds the person, checks the password, and reads the groups."""

import logging
from contextlib import contextmanager
from dataclasses import dataclass

import ldap
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django_auth_ldap.backend import LDAPBackend, ldap_error

from login.accept import LoginRefused, accept

from . import Method, Outside, Unreachable
from .central import CentralBackend

# What a directory answers to a wrong password, or of an account that is locked or has none.
REFUSED = (
    ldap.INVALID_CREDENTIALS,
    ldap.INAPPROPRIATE_AUTH,
    ldap.UNWILLING_TO_PERFORM,
    ldap.CONSTRAINT_VIOLATION,
)
# What an administrator corrects, by what the directory answers to Rolf's own account.
CAUSES = {
    ldap.INVALID_CREDENTIALS: "LDAP_BIND_DN, LDAP_BIND_PASSWORD",
    ldap.NO_SUCH_OBJECT: "LDAP_USER_BASE, LDAP_GROUP_BASE",
    ldap.SERVER_DOWN: "LDAP_URI and, with TLS, LDAP_CA_FILE",
    ldap.FILTER_ERROR: "LDAP_USER_FILTER, LDAP_GROUP_FILTER",
    ValueError: "LDAP_CA_FILE",
}

logger = logging.getLogger("rolf.login")


@dataclass
class Person:
    """What the directory knows about a person. django-auth-ldap calls `save` on what it fills."""

    subject: str
    name: str
    outside: Outside

    def save(self):
        """Store nothing: `accept` stores what Rolf needs."""


class Directory(LDAPBackend):
    """django-auth-ldap with a Person in place of an account."""

    def get_or_build_user(self, username, ldap_user):
        """Return (the Person, False)."""
        attributes = ldap_user.attrs or {}
        subject = attributes.get(settings.LDAP_SUBJECT, [""])[0]
        return Person(
            subject=_text(subject),
            name=_first(attributes, settings.LDAP_USER_NAME),
            outside=Outside(
                groups=frozenset(filter(None, ldap_user.group_names)),
                full_name=_first(attributes, settings.LDAP_FULL_NAME),
                email=_first(attributes, settings.LDAP_EMAIL),
            ),
        ), False


class Backend(CentralBackend):
    """Log people in with their password of the directory."""

    def authenticate(self, request, username=None, password=None):
        """Return the account; None if name or password are wrong. Raise LoginRefused.

        Other names than Rolf can have are not sent to the directory: it ignores some characters,
        so one account would have many names, and each has its own count of wrong passwords.
        """
        try:
            get_user_model().username_validator(username or "")
        except ValidationError:
            return None
        try:
            with _translated():
                person = Directory().authenticate(request, username, password)
        except Unreachable as error:
            logger.warning("login by LDAP failed: %s", error)
            raise LoginRefused(
                "The directory cannot be reached. Try again in a moment.", code="away"
            ) from None
        if person is None:
            return None
        if not person.subject:
            raise LoginRefused(
                f"The directory shows no {settings.LDAP_SUBJECT} of your entry. "
                "An administrator of Rolf can name another attribute (LDAP_SUBJECT).",
                code="nameless",
            )
        outside = person.outside
        return accept(
            METHOD.name,
            person.subject,
            person.name,
            groups=outside.groups,
            full_name=outside.full_name,
            email=outside.email,
            request=request,
        )


def ask(identity):
    """Return the Outside of a person by the name that the directory last gave; None if gone."""
    with _translated():
        person = Directory().populate_user(identity.name)
    return person.outside if person and person.subject == identity.subject else None


METHOD = Method(name="ldap", title="the directory", ask=ask)


def _raise_unreachable(sender, context, exception, **more):
    """Keep django-auth-ldap from taking an error of the directory for an unknown person."""
    if not isinstance(exception, REFUSED) or context != "authenticate":
        raise Unreachable(_message(exception)) from exception


@contextmanager
def _translated():
    """Raise Unreachable for what python-ldap raises before it connects."""
    try:
        yield
    except (ldap.LDAPError, ValueError) as error:
        raise Unreachable(_message(error)) from error


ldap_error.connect(_raise_unreachable, sender=Directory, dispatch_uid="login.ldap")


def _message(error):
    """Return what an error says: the first argument of an LDAPError is a dictionary, or missing."""
    known = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
    words = [known.get("desc") or str(error) or type(error).__name__, known.get("info", "")]
    cause = CAUSES.get(type(error))
    return ": ".join(filter(None, words)) + (f" (check {cause})" if cause else "")


def _first(attributes, name):
    value = attributes.get(name, [""])[0]
    return value if isinstance(value, str) else ""


def _text(subject):
    """Return a subject as text: Active Directory's objectGUID is bytes."""
    if isinstance(subject, str) and subject.isprintable():
        return subject
    return (subject if isinstance(subject, bytes) else subject.encode()).hex()
