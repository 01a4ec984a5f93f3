"""Authenticate requests of the API by a token. Cookies are ignored, so CSRF is impossible."""

from ninja.security import HttpBearer

import audit
from deployments.access import Access
from login.confirmation import is_confirmed

from .models import Token

# Seconds between two audit events of a token and an address: of its use, and of refusals.
USES = 3600
REFUSALS = 60


class Bearer(HttpBearer):
    """Require `Authorization: Bearer rolf_…` and the level that an operation needs.

    It sets `request.access`, and `request.deployment` if the URL names one. As on pages,
    deployments/access.py decides: without permission to see the deployment the response is 404,
    and without permission for the operation it is 403.
    """

    def __init__(self, level):
        """`level` is the level on the deployment that the operation needs."""
        super().__init__()
        self.level = level

    def authenticate(self, request, text):
        """Return the token, or None if it is not valid.

        A token of a user whom a central login no longer confirms is not valid.
        """
        token = Token.objects.with_text(text)
        if token is None or not is_confirmed(token.user):
            _record_refusal(request, text)
            return None
        token.note_use()
        audit.record_once(
            "token.used",
            key=(token.pk, request.META.get("REMOTE_ADDR")),
            interval=USES,
            request=request,
            user=token.user,
            target=f"token {token.name}",
            token_id=token.pk,
        )
        request.access = Access(token.user, token)
        key = request.resolver_match.kwargs.get("deployment_id")
        if key is not None:
            request.deployment = request.access.deployment(key, self.level)
        return token


def _record_refusal(request, text):
    """Record that a token was refused. An unknown text may be a password, so it is left out."""
    known = Token.objects.with_any_text(text)
    audit.record_once(
        "token.refused",
        key=(known and known.pk, request.META.get("REMOTE_ADDR")),
        interval=REFUSALS,
        request=request,
        user=known and known.user,
        target=f"token {known.name}" if known else "",
        outcome="refused",
        reason=(known.fault or "not confirmed") if known else "unknown",
    )
