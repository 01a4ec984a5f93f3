"""The log as it is, for programs and for keeping."""

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
def log(request, deployment, address):
    """Send the whole log as plain text, a piece at a time; `download` keeps it as a file."""
    push = get_object_or_404(deployment.pushes.listed(), **address.lookup)
    # What comes after this moment isn't in it: the length is told first.
    pieces = discretion(request, deployment, push).data(_exactly(raw(push), push.log_bytes))
    answer = StreamingHttpResponse(
        _beside_the_loop(pieces) if can_stream(request) else pieces,
        content_type="text/plain; charset=utf-8",
        headers={"Content-Length": str(push.log_bytes), "Cache-Control": "no-store"})
    if "download" in request.GET:
        name = f"push-{Address.of(push).text}.log"
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _exactly(pieces, length):
    for piece in pieces:
        yield piece[:length]
        length -= len(piece)
        if length <= 0:
            return


async def _beside_the_loop(pieces):
    while (piece := await in_thread(next, pieces, None)) is not None:
        yield piece
