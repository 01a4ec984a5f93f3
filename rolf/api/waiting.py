"""A call that waits for what comes next, so that scripts needn't ask again and again."""

import asyncio
import time
from typing import Annotated

from asgiref.sync import sync_to_async
from ninja import Query
from ninja.errors import AuthenticationError

from deployments.discretion import discretion
from deployments.models import Level

from .models import Token
from .pushes import push_of

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
    return await sync_to_async(_read)(request, push_id)


def _read(request, push_id):
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
    return push.standing not in ("queued", "running")
