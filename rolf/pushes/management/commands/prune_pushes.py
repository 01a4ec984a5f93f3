"""manage.py prune_pushes: remove old logs. The worker does the same once a day."""

from django.core.management.base import BaseCommand
from django.db.models import Sum

from pushes import retention


class Command(BaseCommand):
    """Remove old logs."""

    help = (
        "Remove the output of pushes that are older than KEEP_LOGS days. The newest pushes of "
        "each deployment and the last ones that succeeded keep it. Rollbacks stay possible."
    )

    def add_arguments(self, parser):
        """Add --dry-run."""
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="print how much would be removed, and remove nothing",
        )

    def handle(self, *, dry_run, **options):
        """Remove the logs, or only count them."""
        if dry_run:
            old = retention.old_logs()
            count, freed = old.count(), old.aggregate(sum=Sum("log_bytes"))["sum"] or 0
        else:
            count, freed = retention.prune()
        verb = "would be" if dry_run else "were"
        self.stdout.write(f"{count} logs {verb} removed, {freed / 1e6:.1f} MB")
