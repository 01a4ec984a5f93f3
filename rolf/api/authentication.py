"""Authenticate requests of the API by a token. Cookies are ignored, so CSRF is impossible."""

from ninja.security import HttpBearer

from deployments.access import Access

from .models import Token


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
        """Return the token, or None if it is not valid."""
        token = Token.objects.with_text(text)
        if token is None:
            return None
        token.note_use()
        request.access = Access(token.user, token)
        key = request.resolver_match.kwargs.get("deployment_id")
        if key is not None:
            request.deployment = request.access.deployment(key, self.level)
        return token
