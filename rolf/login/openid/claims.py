"""What the claims of a person mean for Rolf."""

import logging

from django.conf import settings

from login.methods import Outside

logger = logging.getLogger("rolf.login")


def outside_of(claims):
    """Return the Outside that the claims describe. A missing claim means that there is no group."""
    found = claim(claims, settings.OIDC_GROUPS)
    if found is None:
        logger.warning(
            "the provider sent no claim %s, so the person is in no group: docs/rolf-login-oidc.md",
            settings.OIDC_GROUPS,
        )
    groups = found if isinstance(found, list) else [found]
    return Outside(
        groups=frozenset(name for name in groups if isinstance(name, str)),
        full_name=str(claims.get(settings.OIDC_FULL_NAME) or ""),
        email=str(claims.get("email") or ""),
    )


def claim(claims, name):
    """Return a claim, or None; "realm_access.roles" is `roles` within `realm_access`."""
    if name in claims:
        return claims[name]
    for part in name.split("."):
        claims = claims.get(part) if isinstance(claims, dict) else None
    return claims
