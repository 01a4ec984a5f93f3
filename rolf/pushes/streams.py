"""Server-sent events: where they are possible, and how they are written.

The format is the HTML standard's, "Server-sent events".
"""

import json

from django.core.handlers.asgi import ASGIRequest
from django.http import StreamingHttpResponse

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
