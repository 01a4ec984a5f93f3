"""The audit log: who did what, in an append-only chain of rows (docs/rolf-operation.md).

Django loads models after this package, so the functions import them when they are called.
"""


def record(action, *, request=None, user=None, target="", outcome="ok", **details):
    """Record an event; see `audit.events.record`."""
    from .events import record

    record(action, request=request, user=user, target=target, outcome=outcome, **details)


def record_once(action, *, key, interval, **more):
    """Record an event that may repeat; see `audit.events.record_once`."""
    from .events import record_once

    record_once(action, key=key, interval=interval, **more)
