"""Retry database queries during an outage: a restart, a lock, or a full disk."""

import time
from contextlib import contextmanager

from bootstrapper.errors import WorkFailed
from django.db import InterfaceError, OperationalError, connections, transaction

AWAY = (OperationalError, InterfaceError)
PATIENCE = 60.0  # seconds until a write gives up
PAUSE = 0.25


@contextmanager
def ignore_outage():
    """Skip the rest of the body if the database does not answer. The caller asks again later."""
    try:
        yield
    except AWAY:
        reconnect()


def retry_write(function, meanwhile):
    """Call a function in a transaction, and return its result. Retry while the database is down.

    Call `meanwhile` before each retry. Raise WorkFailed after PATIENCE seconds.
    """
    end = time.monotonic() + PATIENCE
    while True:
        try:
            with transaction.atomic():
                return function()
        except AWAY as error:
            if time.monotonic() > end:
                raise WorkFailed(
                    "the database",
                    f"can't be written ({error})",
                    "check that it runs, and that its disk has free space",
                ) from error
            reconnect()
            meanwhile()
            time.sleep(PAUSE)


def reconnect():
    """Close all connections, so that the next query opens new ones."""
    connections.close_all()
