"""A database that is away for a while: it is restarted, or locked, or its disk is full."""

import time
from contextlib import contextmanager

from bootstrapper.errors import WorkFailed
from django.db import InterfaceError, OperationalError, connections, transaction

AWAY = (OperationalError, InterfaceError)
PATIENCE = 60.0  # seconds that it may be away
PAUSE = 0.25


@contextmanager
def ignore_outage():
    """Let what is asked within go unanswered while the database is away: it is asked again."""
    try:
        yield
    except AWAY:
        reconnect()


def retry_write(function, meanwhile):
    """Call what changes the database, in a transaction; while that is away, again and again.

    In between `meanwhile` is called. Returns what the function does. Raises WorkFailed.
    """
    end = time.monotonic() + PATIENCE
    while True:
        try:
            with transaction.atomic():
                return function()
        except AWAY as error:
            if time.monotonic() > end:
                raise WorkFailed(
                    "the database", f"can't be written ({error})",
                    "see that it runs, and that its disk has room") from error
            reconnect()
            meanwhile()
            time.sleep(PAUSE)


def reconnect():
    """Leave what is broken; whoever asks next finds the database again, if it is there."""
    connections.close_all()
