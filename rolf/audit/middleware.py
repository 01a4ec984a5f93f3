"""Give each request an id, which its log records, audit events and response have."""

import re
import secrets

from asgiref.sync import iscoroutinefunction
from django.utils.decorators import sync_and_async_middleware

from . import context

HEADER = "X-Request-ID"
_VALID = re.compile(r"[A-Za-z0-9._-]{8,64}")


@sync_and_async_middleware
def request_context(get_response):
    """Set `audit.context` for the request, and the response's X-Request-ID.

    A proxy can send the id; it names a request in the proxy's own log.
    """

    def handling(request):
        given = request.headers.get(HEADER, "")
        number = given if _VALID.fullmatch(given) else secrets.token_hex(16)
        return number, context.handling(request, number)

    if iscoroutinefunction(get_response):

        async def middleware(request):
            number, block = handling(request)
            with block:
                response = await get_response(request)
            response.headers.setdefault(HEADER, number)
            return response
    else:

        def middleware(request):
            number, block = handling(request)
            with block:
                response = get_response(request)
            response.headers.setdefault(HEADER, number)
            return response

    return middleware
