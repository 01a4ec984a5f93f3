"""What `manage.py check --deploy` says about the login of this installation."""

import os
import shlex
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import Tags, Warning, register

SHORTEST = 32  # characters of the secret that Rolf shares with a proxy


@register(Tags.security, deploy=True)
def check_remote_user(app_configs, **more):
    """Return warnings about REMOTE_USER."""
    if "remote_user" not in settings.LOGIN_METHODS:
        return []
    if not settings.REMOTE_USER_SECRET:
        # mod_wsgi sets variables, which need no secret.
        if settings.SETTINGS_MODULE.endswith(".embedded"):
            return [
                Warning(
                    "REMOTE_USER_SECRET is not set, so ./manage.py rolf ignores X-Remote-User.",
                    hint="Write a secret into .env and into Apache's configuration: "
                    "docs/rolf-login.md.",
                    id="login.W001",
                )
            ]
    elif len(settings.REMOTE_USER_SECRET) < SHORTEST or " " in settings.REMOTE_USER_SECRET:
        return [
            Warning(
                f"REMOTE_USER_SECRET has a blank or fewer than {SHORTEST} characters: a user who "
                "guesses it can log in as everybody.",
                hint="python3 -c 'import secrets; print(secrets.token_urlsafe(32))'",
                id="login.W002",
            )
        ]
    return []


@register(Tags.security, deploy=True)
def check_ldap(app_configs, **more):
    """Return a warning if passwords are sent to the directory without TLS."""
    if "ldap" not in settings.LOGIN_METHODS or settings.AUTH_LDAP_START_TLS:
        return []
    uris = settings.AUTH_LDAP_SERVER_URI.replace(",", " ").split()
    if all(_is_protected(urlsplit(uri)) for uri in uris):
        return []
    return [
        Warning(
            "LDAP_URI sends passwords without TLS.",
            hint="Use ldaps://, or set LDAP_START_TLS=true.",
            id="login.W003",
        )
    ]


@register(Tags.security, deploy=True)
def check_link(app_configs, **more):
    """Return a warning if a provider can take over local superusers."""
    if settings.LOGIN_LINK != "all":
        return []
    return [
        Warning(
            "LOGIN_LINK=all: a provider that knows a person by the name of a local superuser gives "
            "that person the account.",
            hint="Write LOGIN_LINK=none into .env when the accounts are linked.",
            id="login.W004",
        )
    ]


def _is_protected(uri):
    if uri.scheme in ("ldaps", "ldapi"):
        return True
    try:
        return ip_address(uri.hostname or "").is_loopback
    except ValueError:
        return uri.hostname == "localhost"


@register(Tags.security)
def check_ldap_authority(app_configs, **more):
    """Return a warning if the certificates that sign the directory's cannot be read."""
    options = getattr(settings, "AUTH_LDAP_CONNECTION_OPTIONS", {})
    return [
        Warning(
            f"LDAP_CA_FILE: this user cannot read {value}, so nobody can log in by LDAP.",
            hint=f"next: ls -l {shlex.quote(value)}",
            id="login.W005",
        )
        for value in options.values()
        if isinstance(value, str) and not os.access(value, os.R_OK)
    ]
