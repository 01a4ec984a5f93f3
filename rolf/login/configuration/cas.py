"""The settings of CAS, from the environment (docs/rolf-login-cas.md)."""

from importlib.util import find_spec

from django.core.exceptions import ImproperlyConfigured

from .addresses import secure_url


def settings(env):
    """Return the settings. Raise ImproperlyConfigured, which names the fault and what to do."""
    if not find_spec("django_cas_ng"):
        raise ImproperlyConfigured(
            "LOGIN_METHODS has cas, but there is no django_cas_ng. Remove the # before "
            '"-r login-cas.in" in requirements/apps.in.\n  next: make vendor && ./bootstrap.py'
        )
    server = env("CAS_SERVER_URL", default="").strip()
    if not server:
        raise ImproperlyConfigured(
            "LOGIN_METHODS has cas, so .env needs CAS_SERVER_URL: docs/rolf-login-cas.md."
        )
    return {
        "LOGIN_APPS": ["django_cas_ng"],
        "CAS_TITLE": env("CAS_TITLE", default="CAS"),
        "CAS_SUBJECT": env("CAS_SUBJECT", default=""),
        "CAS_GROUPS": env("CAS_GROUPS", default="groups"),
        "CAS_FULL_NAME": env("CAS_FULL_NAME", default="displayName"),
        "CAS_EMAIL": env("CAS_EMAIL", default="mail"),
        "CAS_TIMEOUT": env.int("CAS_TIMEOUT", default=5),
        # From here on, settings of django-cas-ng.
        "CAS_SERVER_URL": secure_url(server.rstrip("/") + "/", "CAS_SERVER_URL"),
        "CAS_VERSION": "3",  # the first version with attributes
        "CAS_SESSION_FACTORY": _session,
        # The address that CAS sends people to has no `next`: the session keeps it.
        "CAS_STORE_NEXT": True,
        "CAS_IGNORE_REFERER": True,
        "CAS_REDIRECT_URL": "/",
        "CAS_LOGIN_MSG": None,
        "CAS_LOGGED_MSG": None,
    }


def _session():
    from login.cas_protocol.client import Session

    return Session()
