"""Ignore request headers whose names have an underscore, as Apache and nginx do.

Django reads X_Remote_User and X-Remote-User as one header. A proxy that removes the second from the
requests of visitors may let the first pass.
"""


class HeaderNames:
    """An ASGI application around `application`, which gets no header with an underscore."""

    def __init__(self, application):
        """Wrap `application`."""
        self._application = application

    async def __call__(self, scope, receive, send):
        """Answer a request."""
        if "headers" in scope:
            kept = [header for header in scope["headers"] if b"_" not in header[0]]
            scope = {**scope, "headers": kept}
        await self._application(scope, receive, send)
