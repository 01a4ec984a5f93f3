"""The settings of OpenID Connect, from the environment (docs/rolf-login-oidc.md)."""

import json
from importlib.util import find_spec

from django.core.exceptions import ImproperlyConfigured

from .addresses import secure_url

# `./manage.py oidc_provider ISSUER` prints them.
ENDPOINTS = {
    "OIDC_AUTHORIZATION_ENDPOINT": "authorization_endpoint",
    "OIDC_TOKEN_ENDPOINT": "token_endpoint",
    "OIDC_USERINFO_ENDPOINT": "userinfo_endpoint",
    "OIDC_JWKS_URI": "jwks_uri",
}
ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512")


def settings(env):
    """Return the settings. Raise ImproperlyConfigured, which names the fault and what to do."""
    if not find_spec("mozilla_django_oidc"):
        raise ImproperlyConfigured(
            "LOGIN_METHODS has oidc, but there is no mozilla_django_oidc. Remove the # before "
            '"-r login-oidc.in" in requirements/apps.in.\n  next: make vendor && ./bootstrap.py'
        )
    issuer = _required(env, "OIDC_ISSUER")
    endpoints = {name: secure_url(_required(env, name), name) for name in ENDPOINTS}
    algorithm = env("OIDC_SIGN_ALGORITHM", default="RS256")
    if algorithm not in ALGORITHMS:
        raise ImproperlyConfigured(
            f'OIDC_SIGN_ALGORITHM: "{algorithm}" is not one of {", ".join(ALGORITHMS)}.'
        )
    return {
        "OIDC_TITLE": env("OIDC_TITLE", default="OpenID Connect"),
        "OIDC_ISSUER": issuer,
        "OIDC_USER_NAME": env("OIDC_USER_NAME", default="preferred_username"),
        "OIDC_FULL_NAME": env("OIDC_FULL_NAME", default="name"),
        "OIDC_GROUPS": env("OIDC_GROUPS", default="groups"),
        # From here on, settings of mozilla-django-oidc.
        "OIDC_OP_AUTHORIZATION_ENDPOINT": endpoints["OIDC_AUTHORIZATION_ENDPOINT"],
        "OIDC_OP_TOKEN_ENDPOINT": endpoints["OIDC_TOKEN_ENDPOINT"],
        "OIDC_OP_USER_ENDPOINT": endpoints["OIDC_USERINFO_ENDPOINT"],
        "OIDC_OP_JWKS_ENDPOINT": endpoints["OIDC_JWKS_URI"],
        "OIDC_RP_CLIENT_ID": _required(env, "OIDC_CLIENT_ID"),
        "OIDC_RP_CLIENT_SECRET": _required(env, "OIDC_CLIENT_SECRET"),
        "OIDC_RP_SIGN_ALGO": algorithm,
        "OIDC_RP_SCOPES": env("OIDC_SCOPES", default="openid profile email"),
        "OIDC_AUTH_REQUEST_EXTRA_PARAMS": _parameters(env),
        "OIDC_TOKEN_USE_BASIC_AUTH": env.bool("OIDC_BASIC_AUTH", default=False),
        "OIDC_TIMEOUT": env.int("OIDC_TIMEOUT", default=5),
        "OIDC_USE_PKCE": True,
        "OIDC_PKCE_CODE_CHALLENGE_METHOD": "S256",
        "OIDC_AUTHENTICATION_CALLBACK_URL": "accounts:oidc-callback",
    }


def _required(env, name):
    if value := env(name, default="").strip():
        return value
    raise ImproperlyConfigured(
        f"LOGIN_METHODS has oidc, so .env needs {name}: docs/rolf-login-oidc.md."
    )


def _parameters(env):
    """Return further parameters of the request, such as {"prompt": "consent"}."""
    text = env("OIDC_PARAMETERS", default="") or "{}"
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ImproperlyConfigured(
            f'OIDC_PARAMETERS is a JSON object, such as {{"prompt": "consent"}}, and not: {text}'
        )
    return found
