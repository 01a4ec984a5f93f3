"""Middleware of sessions."""

from datetime import timedelta

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.utils.decorators import sync_and_async_middleware

from database import clock

from .models import Session

INTERVAL = timedelta(minutes=5)  # `last_seen` changes at most that often


@sync_and_async_middleware
def last_seen_middleware(get_response):
    """Note when a session was last seen. This is the only change that a GET request makes."""
    if iscoroutinefunction(get_response):

        async def middleware(request):
            response = await get_response(request)
            if _is_due(request):
                await sync_to_async(_note)(request)
            return response
    else:

        def middleware(request):
            response = get_response(request)
            if _is_due(request):
                _note(request)
            return response

    return middleware


def _is_due(request):
    seen = getattr(request.session, "last_seen", None)
    return seen is not None and seen < clock.now() - INTERVAL


def _note(request):
    key = request.session.session_key
    Session.objects.filter(session_key=key).update(last_seen=clock.now())
