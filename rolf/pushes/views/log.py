"""The raw log of a push, to read in a program or to download."""

from django.http import StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from accounts.decorators import login_required
from deployments.access import deployment_permission
from deployments.models import Level
from deployments.redaction import discretion

from ..converters import Address
from ..live.follow import can_stream
from ..live.hub import in_thread
from ..log_view.lines import raw


@require_safe
@login_required
@deployment_permission(Level.VIEW)
def raw_log(request, deployment, address):
    """Send the log as plain text, chunk by chunk. With `download`, browsers save it as a file."""
    push = get_object_or_404(deployment.pushes.listed(), **address.lookup)
    # The header has the length of now, so what a running push prints later is left out.
    chunks = discretion(request, deployment, push).data(_first_bytes(raw(push), push.log_bytes))
    response = StreamingHttpResponse(
        _read_in_thread(chunks) if can_stream(request) else chunks,
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
    """Yield the chunks, each read from the database outside of the event loop."""
    while (chunk := await in_thread(next, chunks, None)) is not None:
        yield chunk
