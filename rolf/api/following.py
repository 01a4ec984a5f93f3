"""Operations that follow a push. They can wait for changes, so that scripts need not poll."""

import asyncio
import codecs
import time
from contextlib import nullcontext
from typing import Annotated

from asgiref.sync import sync_to_async
from bootstrapper.deploy.events.event import State
from django.http import HttpResponse
from ninja import Query, Router
from ninja.errors import AuthenticationError

from api import responses, schemas
from deployments.models import Level
from deployments.redaction import redactor
from login.confirmation import is_confirmed
from pushes.live import share
from pushes.log_view.chunks import bytes_from
from pushes.models import ACTIVE
from pushes.reading import record_reading

from .models import Token
from .operation import get
from .pushes import push_of
from .responses import problem

LONGEST = 60  # seconds; proxies close a connection that is silent for longer (Apache: Timeout 60)
PAUSE = 0.25  # seconds between two queries; a worker writes output as often

Wait = Annotated[float, Query(ge=0, le=LONGEST)]


async def until(request, push_id, seconds, enough):
    """Return the push as soon as `enough(push)` is true, or after that many seconds.

    After waiting, check again that the token is valid and has permission. Who has as many requests
    waiting as one may have gets an answer at once.
    """
    user = request.access.user
    seconds = 0 if share.is_full(user) else seconds
    with share.place(user) if seconds else nullcontext():
        push, waited = await _wait(request, push_id, seconds, enough)
    if waited:
        await sync_to_async(_check_permission)(request, push)
    return await sync_to_async(_read_push)(request, push_id)


async def _wait(request, push_id, seconds, enough):
    """Return (the push, whether this has waited)."""
    deadline = time.monotonic() + seconds
    query = sync_to_async(lambda: push_of(request, push_id, listed=True))
    push = await query()
    waited = False
    while not enough(push) and (left := deadline - time.monotonic()) > 0:
        await asyncio.sleep(min(PAUSE, left))
        push = await query()
        waited = True
    return push, waited


def _read_push(request, push_id):
    """Return the push. Load what its response hides, because async code cannot query later."""
    push = push_of(request, push_id)
    for of in (None, push):
        redactor(request, request.deployment, of).load()
    return push


def _check_permission(request, push):
    token = Token.objects.valid().filter(pk=request.auth.pk).select_related("user").first()
    if token is None or not is_confirmed(token.user):
        raise AuthenticationError
    request.access.deployment(push.deployment_id, Level.VIEW)


def ended(push):
    """Return whether a push has ended, also if its worker has died."""
    return push.effective_state not in ACTIVE


router = Router(tags=["following a push"])

PIECE = 1024 * 1024
Bytes = Annotated[int, Query(ge=1024, le=4 * PIECE)]
Offset = Annotated[int, Query(ge=0, le=2**63 - 1)]  # the limit of databases
PUSH = "/deployments/{int:deployment_id}/pushes/{int:push_id}"


@get(router, PUSH, Level.VIEW, schemas.Status, url_name="push")
async def status(
    request,
    response: HttpResponse,
    deployment_id: int,
    push_id: int,
    wait: Wait = 0,
    version: int | None = None,
):
    """Show a push and its stages, with an ETag.

    The response waits up to `wait` seconds for the push to end. With the `version` of an earlier
    response, it waits for the next change.
    """

    def enough(push):
        return ended(push) or (version is not None and push.version != version)

    push = await until(request, push_id, wait, enough)
    tag = f'"{push.pk}.{push.version}.{push.effective_state}"'
    if request.headers.get("If-None-Match") == tag:
        return HttpResponse(status=304, headers={"ETag": tag})
    response["ETag"] = tag
    return schemas.Status.of(push, request)


@get(router, f"{PUSH}/outcome", Level.VIEW, schemas.Push, failures={424, 408})
async def outcome(request, deployment_id: int, push_id: int, wait: Wait = LONGEST / 2):
    """Report the result of a push as the HTTP status, for `curl --fail --retry`.

    200: the push succeeded. 424: it ended without success. 408: it has not ended within `wait`
    seconds; ask again.
    """
    push = await until(request, push_id, wait, ended)
    data = schemas.Push.of(push, request)
    name = f"Push {push.number}" if push.number else "The push"
    if not ended(push):
        return problem(
            request, 408, f"{name} is {data.state}.", push=data, headers={"Retry-After": "1"}
        )
    if push.effective_state != State.SUCCEEDED:
        why = f": {data.reason}" if data.reason else ""
        return problem(request, 424, f"{name}: {data.state}{why}", push=data)
    return responses.text(f"{name}: succeeded\n") if responses.prefers_text(request) else data


@get(router, f"{PUSH}/log", Level.VIEW, schemas.Log, failures={503})
async def log(
    request,
    deployment_id: int,
    push_id: int,
    offset: Offset = 0,
    limit: Bytes = PIECE,
    wait: Wait = 0,
):
    """Read at most `limit` bytes of the log from `offset` on.

    Repeat this with `next` as the offset until `ended` is true. The response waits up to `wait`
    seconds for new output. With `Accept: text/plain`, the body is the bytes of the log, and the
    headers Rolf-Next and Rolf-Ended have `next` and `ended`.
    """
    push = await until(request, push_id, wait, lambda push: ended(push) or push.log_bytes > offset)
    await sync_to_async(record_reading)(request, request.deployment, push, "api")
    hidden = redactor(request, request.deployment, push)
    data, end = await sync_to_async(_read_hiding)(push, offset, limit, hidden)
    over = ended(push) and end
    if responses.prefers_text(request):
        headers = {"Rolf-Next": str(offset + len(data)), "Rolf-Ended": str(over).lower()}
        return responses.text(data, headers=headers)
    # A character that is cut off at the end of the data is left for the next response.
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text = decoder.decode(data, final=over)
    cut = len(decoder.getstate()[0])
    return schemas.Log(offset=offset, next=offset + len(data) - cut, ended=over, text=text)


def _read_hiding(push, offset, most, hidden):
    """Like `_read`, but with stars for hidden text, even if it is cut at either end."""
    begin = max(offset - hidden.longest, 0)
    data, _ = _read(push, begin, offset - begin + most + hidden.longest + 1)
    cut = offset - begin
    return hidden.stars(data)[cut : cut + most], len(data) - cut <= most


def _read(push, offset, most):
    """Return (bytes of the log from `offset` on, whether the log ends with them)."""
    data = bytes_from(push, offset, most + 1)
    return data[:most], len(data) <= most
