"""The raw log of a push, to read in a program or to download."""

import asyncio
import logging
from functools import wraps
from itertools import chain

from django.http import JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from accounts.decorators import login_required
from deployments.access import deployment_permission
from deployments.models import Level
from deployments.redaction import redactor

from ..converters import Address
from ..live import share
from ..live.follow import can_stream
from ..live.hub import in_thread
from ..log_view.lines import raw
from ..reading import record_reading
from ..store.objects import AWAY, StoreError

logger = logging.getLogger("rolf.logs")


def answers_without_store(view):
    """Decorate a view: while the store of logs does not answer, the response is 503."""

    @wraps(view)
    def wrapper(*arguments, **options):
        try:
            return view(*arguments, **options)
        except StoreError as error:
            logger.error("%s", error)
            return JsonResponse({"fault": AWAY}, status=503)

    return wrapper


@require_safe
@login_required
@deployment_permission(Level.VIEW)
@answers_without_store
def raw_log(request, deployment, address):
    """Send the log as plain text, chunk by chunk. With `download`, browsers save it as a file."""
    push = get_object_or_404(deployment.pushes.listed(), **address.lookup)
    if share.is_full(request.user):
        fault = f"You have {share.MOST} logs open. Wait for the end of one."
        return JsonResponse({"fault": fault}, status=429)
    record_reading(request, deployment, push, "raw")
    # The header has the length of now, so what a running push prints later is left out.
    pieces = _first_bytes(raw(push), push.log_bytes)
    pieces = chain([next(pieces, b"")], pieces)  # raise StoreError before the response begins
    chunks = redactor(request, deployment, push).data(pieces)
    response = StreamingHttpResponse(
        share.counted(request.user, _read_in_thread(chunks)) if can_stream(request) else chunks,
        content_type="text/plain; charset=utf-8",
        headers={"Content-Length": str(push.log_bytes), "Cache-Control": "no-store"},
    )
    if "download" in request.GET:
        name = f"push-{Address.of(push).text}.log"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _first_bytes(chunks, length):
    """Yield the first `length` bytes of the chunks."""
    for chunk in chunks:
        yield chunk[:length]
        length -= len(chunk)
        if length <= 0:
            return


async def _read_in_thread(chunks):
    """Yield the chunks, each read outside of the event loop while the one before is sent."""
    following = asyncio.ensure_future(in_thread(next, chunks, None))
    try:
        while (chunk := await following) is not None:
            following = asyncio.ensure_future(in_thread(next, chunks, None))
            yield chunk
    finally:
        following.cancel()
