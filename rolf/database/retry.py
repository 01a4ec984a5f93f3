"""Retry database queries during an outage: a restart, a lock, or a full disk."""

import time
from contextlib import contextmanager

from bootstrapper.errors import WorkFailed
from django.db import InterfaceError, InternalError, OperationalError, connections

# InternalError: the server is a standby now, or ended a session that was silent in a transaction,
# because the machine was paused.
AWAY = (OperationalError, InterfaceError, InternalError)
PATIENCE = 60.0  # seconds until a query gives up; less than a worker's lease
PAUSE = 0.25


@contextmanager
def ignore_outage():
    """Skip the rest of the body if the database does not answer. The caller asks again later."""
    try:
        yield
    except AWAY:
        reconnect()


def retry(function, meanwhile=lambda: None, committed=lambda: False):
    """Call a function, and return its result. Retry while the database is down.

    The connection may be lost after the database has committed and before it could say so. Then
    `committed` returns True, and this function None. It calls `meanwhile` before each retry.
    Raise WorkFailed after PATIENCE seconds.
    """
    end = time.monotonic() + PATIENCE
    attempts = 0
    while True:
        try:
            if attempts and committed():
                return None
            attempts += 1
            return function()
        except AWAY as error:
            if time.monotonic() > end:
                raise WorkFailed(
                    "the database",
                    f"can't be reached or written ({str(error).strip()})",
                    "check that it runs, and that its disk has free space",
                ) from error
            reconnect()
            meanwhile()
            time.sleep(PAUSE)


def reconnect():
    """Close all connections, so that the next query opens new ones."""
    connections.close_all()
