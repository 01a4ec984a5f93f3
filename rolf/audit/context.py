"""What this process or request works on, for audit events and log records."""

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class RequestOrigin:
    """A request by its id, and the address that it came from."""

    request_id: str = ""
    address: str = ""
    request: Any = None

    def fields(self):
        """Return its id, and the deployment and push that its URL names."""
        if self.request is None:
            return {}
        match = getattr(self.request, "resolver_match", None)
        named = match.kwargs if match else {}
        found = {name: named[name] for name in ("deployment_id", "push_id") if name in named}
        if "address" in named:  # of a page: the number of the push, or asked-KEY
            found["push"] = named["address"].text
        return {"request_id": self.request_id, **found}


_NONE = RequestOrigin()
_request = ContextVar("request", default=_NONE)
_push = ContextVar("push", default=None)


@contextmanager
def handling(request, request_id):
    """Name the request in all audit events and log records of the block.

    Django logs refused requests after the block, with the request: `origin` is an attribute of it.
    """
    request.origin = RequestOrigin(request_id, request.META.get("REMOTE_ADDR") or "", request)
    token = _request.set(request.origin)
    try:
        yield
    finally:
        _request.reset(token)


@contextmanager
def working_on(**fields):
    """Name the push in all log records of the block: by `push_id` and `deployment_id`."""
    token = _push.set({**(_push.get() or {}), **fields})
    try:
        yield
    finally:
        _push.reset(token)


def origin():
    """Return the RequestOrigin; its fields are empty outside of a request."""
    return _request.get()


def fields():
    """Return what is known of `request_id`, `deployment_id`, `push_id` and `push`."""
    return {**_request.get().fields(), **(_push.get() or {})}
