r"""What the web server says about the person of a request, and whether to believe it.

mod_wsgi sets variables, such as REMOTE_USER, which no client can: its headers become HTTP_….

A proxy can only send headers, as each client can. So the value of each header begins with a secret
that the proxy and Rolf share, and a blank:

    X-Remote-User: SECRET ada
    X-Remote-Groups: SECRET web-team;shop\;eu
    X-Remote-Name: SECRET Ada Lovelace
    X-Remote-Email: SECRET ada@example.org

A header without the secret is ignored, also if the proxy forgets to remove it. Two headers of one
name arrive as one value with a comma, which no user name has.
"""

import re
from dataclasses import dataclass

from django.conf import settings
from django.utils.crypto import constant_time_compare


@dataclass(frozen=True, kw_only=True)
class RemotePerson:
    """The user name, the outside groups, and what else is known."""

    name: str
    groups: tuple[str, ...] = ()
    full_name: str = ""
    email: str = ""


def remote_person(meta):
    """Return the RemotePerson of a request's META, or None."""
    read = _variable if meta.get("REMOTE_USER") else _header
    name = read(meta, "REMOTE_USER", "X_REMOTE_USER")
    if not name:
        return None
    return RemotePerson(
        name=name,
        groups=_split(read(meta, settings.REMOTE_USER_GROUPS, "X_REMOTE_GROUPS")),
        full_name=read(meta, settings.REMOTE_USER_FULL_NAME, "X_REMOTE_NAME"),
        email=read(meta, settings.REMOTE_USER_EMAIL, "X_REMOTE_EMAIL"),
    )


def _variable(meta, variable, header):
    """Return the value of a variable of the web server; empty if there is none."""
    return _text(meta.get(variable, "")) if variable else ""


def _header(meta, variable, header):
    """Return the value of a header that begins with the secret; else nothing."""
    secret, _, value = meta.get(f"HTTP_{header}", "").partition(" ")
    trusted = settings.REMOTE_USER_SECRET and constant_time_compare(
        secret, settings.REMOTE_USER_SECRET
    )
    return _text(value.strip()) if trusted else ""


def _split(value):
    r"""Return the parts of a list. Shibboleth writes a separator within a name as "\;"."""
    separator = settings.REMOTE_USER_SEPARATOR
    parts = re.split(rf"(?<!\\){re.escape(separator)}", value)
    return tuple(
        name for part in parts if (name := part.replace(f"\\{separator}", separator).strip())
    )


def _text(value):
    """Return a value of META as text: it has one character for each byte of UTF-8 (PEP 3333)."""
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return ""
