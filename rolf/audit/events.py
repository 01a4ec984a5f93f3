"""Record events."""

import logging

from django.db import Error, connection, transaction

from database import clock

from . import context
from .chain import to_json
from .models import Entry, Pending
from .throttle import Throttle

LONGEST = 200  # characters of a text in the details
MANY = 50  # items of a list in the details

logger = logging.getLogger("rolf.audit")
_throttle = Throttle()


def record(action, *, request=None, user=None, target="", outcome="ok", **details):
    """Record an event.

    `action` is dotted, such as "token.created"; `outcome` is "ok" or says what happened instead.
    The address, and the user unless one is given, come from the request. `details` are texts,
    numbers, truth values, and lists of texts; they must not hold secrets, nor what people typed
    unless it was found to be a name that Rolf has.

    The event belongs to the transaction of its caller: if that is rolled back, nothing has happened
    and nothing is recorded. Record a failure outside of the transaction that it ends. Outside of a
    transaction this raises nothing: if the database cannot be written, the event goes to the log of
    the process, as `audit_event`.
    """
    _store(_event(action, request, user, target, outcome, details))


def record_once(action, *, key, interval, **more):
    """Record an event unless this process recorded one of the `key` in the last `interval` seconds.

    The next one has the number of those that were left out, as `repeats`. `more` are the arguments
    of `record`.
    """
    key = (action, *key)
    number = _throttle.left_out(key)
    if number is None:
        return
    record(action, **more, **({"repeats": number} if number else {}))
    # Only if the event was committed; else it would be left out without another one.
    transaction.on_commit(lambda: _throttle.passed(key, interval))


def _event(action, request, user, target, outcome, details):
    user = user or _user_of(request)
    address = request.META.get("REMOTE_ADDR") if request else context.origin().address
    return Pending(
        at=clock.now(),
        action=action,
        outcome=outcome,
        user_key=user.pk if user else None,
        user_name=_clean(user.get_username() if user else "", 150),
        address=_clean(address or "", 64),
        request_id=_clean(context.origin().request_id, 64),
        target=_clean(target, 200),
        details=to_json({name: _plain(value) for name, value in details.items()}),
    )


def _store(event):
    if connection.in_atomic_block:
        event.save(force_insert=True)
    else:
        try:
            event.save(force_insert=True)
        except Error:
            logger.exception("an audit event was not stored", extra={"audit_event": _shown(event)})
            return
    # Not robust, an outage after the commit would answer 500 for what was done.
    transaction.on_commit(Entry.objects.append_pending, robust=True)


def _user_of(request):
    """Return the user of the request: the token's under the API, the session's on pages."""
    access = getattr(request, "access", None)
    user = access.user if access else getattr(request, "user", None)
    return user if user is not None and user.is_authenticated else None


def _plain(value):
    """Return the value as JSON keeps it in every database."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(item, LONGEST) for item in list(value)[:MANY]]
    return _clean(value, LONGEST)


def _clean(value, most):
    """Return the text without NUL and lone surrogates, which PostgreSQL refuses."""
    text = str(value).replace("\0", "\N{REPLACEMENT CHARACTER}")
    return text.encode("utf-8", "replace").decode()[:most]


def _shown(event):
    return {
        "at": event.at.isoformat(),
        "action": event.action,
        "outcome": event.outcome,
        "user": event.user_name,
        "address": event.address,
        "target": event.target,
        "details": event.details,
    }
