"""/healthz of Rolf: the template's checks, a database that can be written, and a worker."""

import logging
import time

from django.db import DatabaseError, connection, transaction
from django.http import JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from pushes.models import Worker

from .health import database, migrations

WAIT = 5000  # milliseconds that another one may hold SQLite's lock

logger = logging.getLogger(__name__)


def writing():
    """Return "ok" if the database takes a change."""
    try:
        with connection.wrap_database_errors:
            _write()
    except DatabaseError:
        logger.exception("healthz: the database cannot be written")
        return "not writable"
    return "ok"


def worker():
    """Return "ok" if a worker lives, or one has just left its place to a newer release."""
    try:
        heard = Worker.objects.heard().exists()
    except DatabaseError:
        return "unknown"
    return "ok" if heard else "none lives"


# Out of the request's transaction, which would fail first if the database were away.
@transaction.non_atomic_requests
@never_cache
@require_safe
def healthz(request):
    """Answer 200 if all is well, 503 otherwise; the JSON says what is not."""
    checks = {"database": database(), "migrations": migrations(), "worker": worker()}
    if checks["database"] == "ok":
        checks["database"] = writing()
    healthy = set(checks.values()) == {"ok"}
    return JsonResponse(
        {"status": "ok" if healthy else "failing", **checks}, status=200 if healthy else 503)


def _write():
    """Change something that nobody reads, and commit it: only that finds out that a disk is full.

    In SQLite it is a number in the file's header, which is the application's own
    (PRAGMA user_version). Elsewhere the server sees to its disk, and refuses every change of a
    table where it may not be written.
    """
    connection.ensure_connection()
    if connection.vendor != "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("UPDATE django_migrations SET app = app WHERE 1 = 0")
        return
    own = connection.connection
    [before] = own.execute("PRAGMA busy_timeout").fetchone()
    own.execute(f"PRAGMA busy_timeout = {WAIT}")
    try:
        own.execute("SAVEPOINT healthz")
        try:
            own.execute(f"PRAGMA user_version = {int(time.time()) % 2**31}")
        except BaseException:
            own.execute("ROLLBACK TO healthz")
            raise
        finally:
            own.execute("RELEASE healthz")
    finally:
        own.execute(f"PRAGMA busy_timeout = {before}")
