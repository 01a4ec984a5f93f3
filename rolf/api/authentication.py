"""Who calls: a token shows it, and nothing else. No cookie is read, so no other site can call."""

from ninja.security import HttpBearer

from deployments.access import Access

from .models import Token


class Bearer(HttpBearer):
    """`Authorization: Bearer rolf_…`, and the permission that an operation needs.

    The request gets its `access`, and where the address has one its `deployment`: what a token
    may not see isn't there (404), what it may not do is refused (403), in deployments/access.py
    as for pages.
    """

    def __init__(self, level):
        """`level` is what the operation needs on the deployment of its address."""
        super().__init__()
        self.level = level

    def authenticate(self, request, text):
        """Return the token; None if it opens nothing."""
        token = Token.objects.opened_by(text)
        if token is None:
            return None
        token.note_use()
        request.access = Access(token.user, token)
        key = request.resolver_match.kwargs.get("deployment_id")
        if key is not None:
            request.deployment = request.access.deployment(key, self.level)
        return token
