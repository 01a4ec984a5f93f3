"""Event streams of a page that follows pushes."""

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
from .hub import EVERYTHING, Hub, in_thread, standing_of
from .news import news

KEEP_ALIVE = b": still here\n\n"


def can_stream(request):
    """Whether this server can keep a stream open: under WSGI each would hold a whole thread."""
    return isinstance(request, ASGIRequest)


def streams(request):
    """Tell templates whether pages may follow events, or have to ask again and again."""
    return {"streams": can_stream(request)}


def event(name, data, key=""):
    """Return an event; `key` is what a browser that comes again sends as Last-Event-ID."""
    told = f"id: {key}\n" if key else ""
    return f"{told}event: {name}\ndata: {json.dumps(data)}\n\n".encode()


def stream(events):
    """Return the response that sends them as they come."""
    return StreamingHttpResponse(events, content_type="text/event-stream", headers={
        "Cache-Control": "no-store",
        "X-Accel-Buffering": "no",  # nginx, too, is to pass on each event at once
    })


CHECK = 5.0  # seconds between two looks whether one still may see it, and whether its worker lives
LONGEST = 900.0  # seconds; then the browser comes again, and shows its session again


async def follow(session_key, deployment_id, level, push_id, cursor):
    """Give events `news` from the cursor on, until the session's person may not see it any more.

    `level` is the one that they have now.
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
                key = (str(cursor), level >= Level.PUSH)
                told, cursor = await hub.shared(push_id, key, news, push_id, cursor, level)
            except TimeoutError:
                # Not shared: nothing has changed but, perhaps, that nobody carries it out.
                told, cursor = await in_thread(news, push_id, cursor, level)
                if told is None:
                    yield KEEP_ALIVE
            except Push.DoesNotExist:
                return
            if told is not None:
                yield event("news", told, str(cursor))
            if time.monotonic() - checked > CHECK:
                checked = time.monotonic()
                level = await in_thread(_level, session_key, deployment_id)


def _user(session_key):
    """Return whose session it is: nobody's once they signed out, or have another password."""
    session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    return get_user(SimpleNamespace(session=session))


def _level(session_key, deployment_id):
    """Return the level that the person has now; 0 where they may not see the deployment."""
    try:
        return Access(_user(session_key)).deployment(deployment_id, Level.VIEW).granted
    except (Http404, PermissionDenied):
        return 0


async def watch(session_key, deployment_id=None):
    """Give an event `news` when a push that the person may see begins, ends, or asks something."""
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
            now = await in_thread(_visible, session_key, deployment_id)
            if now is None:
                return
            # The first tells a page that was loaded a while ago, or that comes again, to look.
            if now != seen:
                seen = now
                yield event("news", {})


def _visible(session_key, deployment_id):
    """Return how the pushes that the person may see stand, and which began last.

    None where nobody is signed in any more.
    """
    user = _user(session_key)
    if not user.is_authenticated:
        return None
    pushes = Push.objects.filter(deployment__in=Access(user).deployments().values("pk"))
    if deployment_id:
        pushes = pushes.filter(deployment=deployment_id)
    return standing_of(pushes)
