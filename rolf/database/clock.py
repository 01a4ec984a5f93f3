"""The clock of the database, which all machines share.

Rolf stores and compares times of this clock only, so the clocks of web servers and workers may
differ. With SQLite there is one machine, and its clock is the database's.
"""

import threading
import time
from datetime import UTC, datetime, timedelta

from django.core.exceptions import SynchronousOnlyOperation
from django.db import Error, connection
from django.utils import timezone

AGE = 60.0  # seconds until the difference is measured again: clocks of machines drift
# It counts while the machine sleeps, and ignores changes of the machine's time.
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def now():
    """Return the current time of the database, as an aware datetime.

    If the database does not answer, or async code calls this, return the time by the last
    measurement. Raise the database's error if there was none.
    """
    if connection.vendor != "postgresql":
        return timezone.now()
    return _difference.now()


def steady():
    """Return seconds of a clock that never jumps. Only differences have a meaning."""
    return time.clock_gettime(_STEADY)


class _Difference:
    """The difference between the database's clock and `steady()`, measured when it is old."""

    def __init__(self):
        self._lock = threading.Lock()
        self._seconds = None  # seconds since 1970 when `steady()` was 0
        self._measured = 0.0

    def now(self):
        """Return the database's time."""
        with self._lock:
            if self._seconds is None or steady() - self._measured > AGE:
                self._measure()
            return datetime.fromtimestamp(self._seconds + steady(), UTC)

    def _measure(self):
        try:
            connection.ensure_connection()
            began = steady()
            # Not Django's cursor: this query is no part of what a view does.
            with connection.wrap_database_errors, connection.connection.cursor() as cursor:
                cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
                [seconds] = cursor.fetchone()
        except SynchronousOnlyOperation:
            if self._seconds is None:
                raise
            return  # the next call in a thread measures
        except Error:
            if self._seconds is None:
                raise
        else:
            self._seconds = seconds - (began + steady()) / 2
        self._measured = steady()


_difference = _Difference()


def ago(seconds):
    """Return the database's time that many seconds ago."""
    return now() - timedelta(seconds=seconds)
