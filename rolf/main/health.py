"""/healthz: whether the site can do its work, for monitoring and for deployments."""

import logging

from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.http import JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

logger = logging.getLogger(__name__)


def database():
    """Return "ok" if the database answers a query."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        # The reason may name hosts and users: it is for the log, not for the visitor.
        logger.exception("healthz: the database does not answer")
        return "unreachable"
    return "ok"


def migrations():
    """Return "ok" if the database has every migration that the code has."""
    try:
        executor = MigrationExecutor(connection)
    except DatabaseError:
        return "unknown"
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return f"{len(missing)} unapplied" if missing else "ok"


# Out of the request's transaction, which would fail first if the database were away.
@transaction.non_atomic_requests
@never_cache
@require_safe
def healthz(request):
    """Answer 200 if all is well, 503 otherwise; the JSON says what is not."""
    checks = {"database": database(), "migrations": migrations()}
    healthy = set(checks.values()) == {"ok"}
    return JsonResponse(
        {"status": "ok" if healthy else "failing", **checks}, status=200 if healthy else 503
    )
