"""/healthz and /readyz: whether this process lives, and whether Rolf can do its work."""

import logging
import time

from django.db import DatabaseError, Error, connection, transaction
from django.http import JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from deployments.models import Deployment
from pushes.models import Worker

from .deadline import Bounded
from .health import database, migrations

WAIT = 3000  # milliseconds to wait for SQLite's lock
PATIENCE = 4.0  # seconds for all checks

logger = logging.getLogger(__name__)


def writing():
    """Return "ok" if the database can be written."""
    try:
        _write()
    except DatabaseError:
        logger.exception("readyz: the database cannot be written")
        return "not writable"
    return "ok"


def worker():
    """Return "ok" if the workers that run have all labels that deployments ask for.

    A worker that has just ended for the worker of a newer release counts.
    """
    try:
        workers = list(Worker.objects.heard())
        wanted = set(Deployment.objects.not_deleted().order_by().values_list("labels", flat=True))
    except DatabaseError:
        return "unknown"
    if not workers:
        return "none lives"
    missing = sorted(
        labels for labels in wanted if not any(worker.carries(labels) for worker in workers)
    )
    return f"none with the labels {missing[0]}" if missing else "ok"


def checks():
    """Return the result of each check: "ok", or what is wrong."""
    found = {"database": database()}
    if found["database"] != "ok":
        return found | {"migrations": "unknown", "worker": "unknown"}
    # The write comes last: if it fails within a transaction, PostgreSQL answers nothing after it.
    found |= {"migrations": migrations(), "worker": worker()}
    return found | {"database": writing()}


_checks = Bounded(checks, PATIENCE)


@never_cache
@require_safe
def healthz(request):
    """Return 200: the process lives and answers. It asks nothing of the database."""
    return JsonResponse({"status": "ok"})


# With ATOMIC_REQUESTS, Django would fail to open the transaction before this view could answer.
@transaction.non_atomic_requests
@never_cache
@require_safe
def readyz(request):
    """Return 200 if all checks are ok, else 503. The JSON has the result of each check."""
    try:
        found = _checks()
    except TimeoutError as error:
        found = {"database": str(error), "migrations": "unknown", "worker": "unknown"}
    except Error:
        logger.exception("readyz: the database does not answer")
        found = {"database": "unreachable", "migrations": "unknown", "worker": "unknown"}
    ready = set(found.values()) == {"ok"}
    return JsonResponse(
        {"status": "ok" if ready else "failing", **found}, status=200 if ready else 503
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
            cursor.execute("SAVEPOINT readyz")
            try:
                cursor.execute(f"PRAGMA user_version = {int(time.time()) % 2**31}")
            except BaseException:
                cursor.execute("ROLLBACK TO readyz")
                raise
            finally:
                cursor.execute("RELEASE readyz")
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {before}")
