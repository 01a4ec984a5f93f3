"""/healthz of Rolf: the checks of the template, a write to the database, and a worker."""

import logging
import time

from django.db import DatabaseError, connection, transaction
from django.http import JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from pushes.models import Worker

from .health import database, migrations

WAIT = 5000  # milliseconds to wait for SQLite's lock

logger = logging.getLogger(__name__)


def writing():
    """Return "ok" if the database can be written."""
    try:
        _write()
    except DatabaseError:
        logger.exception("healthz: the database cannot be written")
        return "not writable"
    return "ok"


def worker():
    """Return "ok" if a worker runs, or has just ended for the worker of a newer release."""
    try:
        heard = Worker.objects.heard().exists()
    except DatabaseError:
        return "unknown"
    return "ok" if heard else "none lives"


# With ATOMIC_REQUESTS, Django would fail to open the transaction before this view could answer.
@transaction.non_atomic_requests
@never_cache
@require_safe
def healthz(request):
    """Return 200 if all checks are ok, else 503. The JSON has the result of each check."""
    checks = {"database": database(), "migrations": migrations(), "worker": worker()}
    if checks["database"] == "ok":
        checks["database"] = writing()
    healthy = set(checks.values()) == {"ok"}
    return JsonResponse(
        {"status": "ok" if healthy else "failing", **checks}, status=200 if healthy else 503
    )


def _write():
    """Commit a change that nothing reads, because only a write notices a full disk.

    In SQLite, that is PRAGMA user_version, a number that the file reserves for the application.
    Other databases refuse an UPDATE without rows if they are read-only, and monitor their disk
    themselves.
    """
    with connection.cursor() as cursor:
        if connection.vendor != "sqlite":
            cursor.execute("UPDATE django_migrations SET app = app WHERE 1 = 0")
            return
        cursor.execute("PRAGMA busy_timeout")
        [before] = cursor.fetchone()
        cursor.execute(f"PRAGMA busy_timeout = {WAIT}")
        try:
            cursor.execute("SAVEPOINT healthz")
            try:
                cursor.execute(f"PRAGMA user_version = {int(time.time()) % 2**31}")
            except BaseException:
                cursor.execute("ROLLBACK TO healthz")
                raise
            finally:
                cursor.execute("RELEASE healthz")
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {before}")
