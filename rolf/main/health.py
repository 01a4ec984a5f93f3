import logging

from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.http import JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

logger = logging.getLogger(__name__)


def database():
    """Return "ok" if the database answers a query, else "unreachable"."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        # The error may name hosts and users, so it goes to the log and not to the visitor.
        logger.exception("healthz: the database does not answer")
        return "unreachable"
    return "ok"


def migrations():
    """Return "ok" if every migration is applied, else how many are not."""
    try:
        executor = MigrationExecutor(connection)
    except DatabaseError:
        return "unknown"
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return f"{len(missing)} unapplied" if missing else "ok"


# With ATOMIC_REQUESTS, Django would fail to open the transaction before this view could answer.
@transaction.non_atomic_requests
@never_cache
@require_safe
def healthz(request):
    """Answer 200 if the site can do its work, else 503. Deployments and monitoring ask this."""
    checks = {"database": database(), "migrations": migrations()}
    healthy = set(checks.values()) == {"ok"}
    return JsonResponse(
        {"status": "ok" if healthy else "failing", **checks}, status=200 if healthy else 503
    )
