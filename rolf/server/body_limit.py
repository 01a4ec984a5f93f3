"""Refuse large request bodies before Django writes them to disk, under uvicorn and mod_wsgi."""

from django.http import HttpResponse
from django.utils.deprecation import MiddlewareMixin

# The largest form that a page takes is a project's files (deployments/archive.py).
LARGEST = 5 * 1024 * 1024  # bytes; apache/asgi.conf has the same
TEXT = b"The request is too large.\n"


class BodyLimitMiddleware(MiddlewareMixin):
    """Answer 413 if Content-Length is too large; under mod_wsgi every body has that header."""

    def process_request(self, request):
        """Return the refusal, or None."""
        announced = request.META.get("CONTENT_LENGTH") or ""
        if not announced.isdecimal() or (len(announced) < 20 and int(announced) <= LARGEST):
            return None
        return HttpResponse(
            TEXT,
            status=413,
            content_type="text/plain; charset=utf-8",
            headers={"Connection": "close"},
        )


class BodyLimit:
    """An ASGI application around `application`, which gets no body of more than `most` bytes.

    The client gets status 413.
    """

    def __init__(self, application, most):
        """Wrap `application`."""
        self._application = application
        self._most = most

    async def __call__(self, scope, receive, send):
        """Answer a request."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        if _announced(scope) > self._most:
            await _refuse(send)
            return
        received = 0
        refused = False

        async def receive_some():
            nonlocal received, refused
            if refused:
                return {"type": "http.disconnect"}
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._most:
                refused = True
                await _refuse(send)
                return {"type": "http.disconnect"}
            return message

        async def send_unless_refused(message):
            if not refused:
                await send(message)

        await self._application(scope, receive_some, send_unless_refused)


def _announced(scope):
    """Return the Content-Length; 0 if there is none."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value)  # h11 has checked that it is a number of at most 20 digits
    return 0


async def _refuse(send):
    """Answer 413 and close the connection, whose rest is not read."""
    await send(
        {
            "type": "http.response.start",
            "status": 413,
            "headers": [
                (b"content-type", b"text/plain; charset=utf-8"),
                (b"content-length", str(len(TEXT)).encode()),
                (b"connection", b"close"),
            ],
        }
    )
    await send({"type": "http.response.body", "body": TEXT})
