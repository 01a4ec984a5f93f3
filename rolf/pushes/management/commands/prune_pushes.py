"""manage.py prune_pushes: remove old logs. The worker does the same once a day."""

from django.core.management.base import BaseCommand
from django.db import connection

from pushes import retention
from pushes.models import LogChunk, LogIndexRow


class Command(BaseCommand):
    """Remove old logs."""

    help = (
        "Remove the output of pushes that are older than KEEP_LOGS days, and of the oldest ones "
        "beyond KEEP_LOGS_MB and KEEP_DEPLOYMENT_LOGS_MB. The live push of each deployment, its "
        "last push and the last ones that succeeded keep it. Rollbacks stay possible."
    )

    def add_arguments(self, parser):
        """Add --dry-run and --vacuum."""
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="print what would be removed, and remove nothing",
        )
        parser.add_argument(
            "--vacuum",
            action="store_true",
            help="afterwards give the space back: SQLite rewrites its whole file, and writes wait "
            "for it; PostgreSQL makes the space free for new rows, and nothing waits",
        )

    def handle(self, *, dry_run, vacuum, **options):
        """Remove the logs, or only print them."""
        if dry_run:
            removals = retention.removals()
            for push, reason in removals:
                self.stdout.write(
                    f"{push} of {push.deployment}, {push.ended:%Y-%m-%d}, "
                    f"{push.log_bytes / retention.MB:.1f} MB: {reason}"
                )
            count, freed = len(removals), sum(push.log_bytes for push, _ in removals)
        else:
            count, freed = retention.prune()
        verb = "would be" if dry_run else "were"
        self.stdout.write(f"{count} logs {verb} removed, {freed / retention.MB:.1f} MB")
        if vacuum and not dry_run:
            _vacuum()


def _vacuum():
    tables = [model._meta.db_table for model in (LogChunk, LogIndexRow)]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("VACUUM")
        elif connection.vendor == "postgresql":
            for table in tables:
                cursor.execute(f"VACUUM {connection.ops.quote_name(table)}")
