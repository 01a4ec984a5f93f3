"""A call that waits for what comes next, so that scripts needn't ask again and again."""

import asyncio
import codecs
import time
from typing import Annotated

from asgiref.sync import sync_to_async
from django.http import HttpResponse
from ninja import Query, Router
from ninja.errors import AuthenticationError

from api import responses, schemas
from deployments.models import Level
from deployments.redaction import discretion

from .models import Token
from .operation import get
from .pushes import push_of
from .responses import problem

LONGEST = 60  # seconds; proxies cut off what says nothing for longer (Apache: Timeout 60)
PAUSE = 0.25  # seconds between two looks, as often as a worker says something new

Wait = Annotated[float, Query(ge=0, le=LONGEST)]


async def until(request, push_id, seconds, enough):
    """Return the push once `enough(push)`, or as it stands when those seconds are over.

    Who lost the permission meanwhile, or whose token was revoked, gets no answer.
    """
    deadline = time.monotonic() + seconds
    glance = sync_to_async(lambda: push_of(request, push_id, listed=True))
    push = await glance()
    waited = False
    while not enough(push) and (left := deadline - time.monotonic()) > 0:
        await asyncio.sleep(min(PAUSE, left))
        push = await glance()
        waited = True
    if waited:
        await sync_to_async(_still_allowed)(request, push)
    return await sync_to_async(_read_push)(request, push_id)


def _read_push(request, push_id):
    """Return the push; what its answer hides is read, too, while the database may be asked."""
    push = push_of(request, push_id)
    for of in (None, push):
        discretion(request, request.deployment, of).load()
    return push


def _still_allowed(request, push):
    if not Token.objects.opening().filter(pk=request.auth.pk).exists():
        raise AuthenticationError
    request.access.deployment(push.deployment_id, Level.VIEW)


def ended(push):
    """Whether nothing more will come of it; of one that is lost a worker may not know yet."""
    return push.effective_state not in ("queued", "running")


router = Router(tags=["following a push"])

PIECE = 1024 * 1024
Bytes = Annotated[int, Query(ge=1024, le=4 * PIECE)]
Offset = Annotated[int, Query(ge=0, le=2**63 - 1)]  # as far as databases count
PUSH = "/deployments/{int:deployment_id}/pushes/{int:push_id}"


@get(router, PUSH, Level.VIEW, schemas.Status, url_name="push")
async def status(request, response: HttpResponse, deployment_id: int, push_id: int,
                 wait: Wait = 0, version: int | None = None):
    """Show a push and its stages, with an ETag.

    `wait` waits that long for it to end, or with `version` (of the answer before) to change.
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
    """Tell by the status alone how a push ended, for `curl --fail --retry`.

    200: it succeeded. 424: it didn't. 408: it hasn't ended within `wait` seconds, ask again.
    """
    push = await until(request, push_id, wait, ended)
    told = schemas.Push.of(push, request)
    name = f"Push {push.number}" if push.number else "The push"
    if not ended(push):
        return problem(request, 408, f"{name} is {told.state}.", push=told,
                       headers={"Retry-After": "1"})
    if told.state != "succeeded":
        why = f": {told.reason}" if told.reason else ""
        return problem(request, 424, f"{name}: {told.state}{why}", push=told)
    return responses.answer(f"{name}: succeeded\n") if responses.wanted(request) else told


@get(router, f"{PUSH}/log", Level.VIEW, schemas.Log)
async def log(request, deployment_id: int, push_id: int, offset: Offset = 0,
              limit: Bytes = PIECE, wait: Wait = 0):
    """Read the log from a byte on, `limit` bytes at most; go on at `next` until `ended`.

    `wait` waits that long for something new. As text (`Accept: text/plain`) it is the bytes
    themselves, with `next` and `ended` in the headers Rolf-Next and Rolf-Ended.
    """
    push = await until(request, push_id, wait, lambda push: ended(push) or push.log_bytes > offset)
    hidden = discretion(request, request.deployment, push)
    data, end = await sync_to_async(_read_hiding)(push, offset, limit, hidden)
    over = ended(push) and end
    if responses.wanted(request):
        headers = {"Rolf-Next": str(offset + len(data)), "Rolf-Ended": str(over).lower()}
        return responses.answer(data, headers=headers)
    # A character whose bytes haven't all come is left for the next piece.
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text = decoder.decode(data, final=over)
    cut = len(decoder.getstate()[0])
    return schemas.Log(offset=offset, next=offset + len(data) - cut, ended=over, text=text)


def _read_hiding(push, offset, most, hidden):
    """Return what `_read` does, with stars for what is hidden, wherever the piece is cut."""
    begin = max(offset - hidden.longest, 0)
    data, _ = _read(push, begin, offset - begin + most + hidden.longest + 1)
    cut = offset - begin
    return hidden.stars(data)[cut:cut + most], len(data) - cut <= most


def _read(push, offset, most):
    """Return bytes of the log from `offset` on, and whether they are its last."""
    chunks = push.chunks.only("sequence", "offset", "data")
    first = chunks.filter(offset__lte=offset).order_by("-sequence").first()
    if first is None:
        return b"", not chunks.exists()
    data = bytes(first.data)[offset - first.offset:]
    following = chunks.filter(sequence__gt=first.sequence).order_by("sequence")
    for chunk in following.iterator(chunk_size=1):
        if len(data) > most:
            break
        data += bytes(chunk.data)
    return data[:most], len(data) <= most
