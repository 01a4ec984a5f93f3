"""Event streams (server-sent events) for the pages that follow pushes."""

import asyncio
import json
import time
from importlib import import_module
from types import SimpleNamespace

from django.conf import settings
from django.contrib.auth import get_user
from django.core.exceptions import PermissionDenied
from django.core.handlers.asgi import ASGIRequest
from django.http import Http404, StreamingHttpResponse

from deployments.access import Access
from deployments.models import Level

from ..models import Push
from .hub import EVERYTHING, Hub, in_thread, overall_state
from .news import news

KEEP_ALIVE = b": still here\n\n"


def can_stream(request):
    """Return whether this server can keep streams open: under WSGI each would occupy a thread."""
    return isinstance(request, ASGIRequest)


def streams(request):
    """Context processor: `streams`, whether pages can follow events or have to poll."""
    return {"streams": can_stream(request)}


def event(name, data, key=""):
    """Return an event as bytes. A browser that reconnects sends `key` as Last-Event-ID."""
    id_line = f"id: {key}\n" if key else ""
    return f"{id_line}event: {name}\ndata: {json.dumps(data)}\n\n".encode()


def stream(events):
    """Return a response that sends each event at once."""
    return StreamingHttpResponse(
        events,
        content_type="text/event-stream",
        headers={
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",  # nginx must not buffer the events either
        },
    )


CHECK = 5.0  # seconds between two checks of the permission, and of the worker's heartbeat
LONGEST = 900.0  # seconds, after which the browser has to reconnect with its session


async def push_events(session_key, deployment_id, level, push_id, cursor):
    """Yield `news` events of a push from the cursor on, while the user may see the push.

    `level` is the user's level on the deployment when the stream begins.
    """
    hub = Hub.of_loop()
    began = checked = time.monotonic()
    async with hub.following(push_id) as wake:
        wake.set()
        while level and time.monotonic() - began < LONGEST:
            try:
                async with asyncio.timeout(CHECK):
                    await wake.wait()
                wake.clear()
                key = (str(cursor), level)  # it decides the actions, and what is hidden
                changes, cursor = await hub.shared(push_id, key, news, push_id, cursor, level)
            except TimeoutError:
                # The row has not changed, but its worker may have died: ask without the cache.
                changes, cursor = await in_thread(news, push_id, cursor, level)
                if changes is None:
                    yield KEEP_ALIVE
            except Push.DoesNotExist:
                return
            if changes is not None:
                yield event("news", changes, str(cursor))
            if time.monotonic() - checked > CHECK:
                checked = time.monotonic()
                level = await in_thread(_level, session_key, deployment_id)


def _user(session_key):
    """Return the user of a session; AnonymousUser after a logout or a change of the password."""
    session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    return get_user(SimpleNamespace(session=session))


def _level(session_key, deployment_id):
    """Return the user's level on the deployment, or 0 without permission to see it."""
    try:
        return Access(_user(session_key)).deployment(deployment_id, Level.VIEW).granted
    except (Http404, PermissionDenied):
        return 0


async def overview_events(session_key, deployment_id=None):
    """Yield a `news` event when any push that the user may see begins, ends or asks.

    With `deployment_id`, only pushes of that deployment count.
    """
    began = time.monotonic()
    seen = None
    async with Hub.of_loop().following(EVERYTHING) as wake:
        wake.set()
        while time.monotonic() - began < LONGEST:
            try:
                async with asyncio.timeout(CHECK):
                    await wake.wait()
                wake.clear()
            except TimeoutError:
                yield KEEP_ALIVE
            now = await in_thread(_visible_state, session_key, deployment_id)
            if now is None:
                return
            # The first event updates a page that was loaded a while ago or that reconnects.
            if now != seen:
                seen = now
                yield event("news", {})


def _visible_state(session_key, deployment_id):
    """Return overall_state() of the pushes that the user may see, or None after a logout."""
    user = _user(session_key)
    if not user.is_authenticated:
        return None
    pushes = Push.objects.filter(deployment__in=Access(user).deployments().values("pk"))
    if deployment_id:
        pushes = pushes.filter(deployment=deployment_id)
    return overall_state(pushes)
