"""manage.py prune_pushes: lets old logs go; the worker does so by itself, once a day."""

from django.core.management.base import BaseCommand
from django.db.models import Sum

from pushes import retention


class Command(BaseCommand):
    """The command."""

    help = ("Remove the output of pushes that are older than KEEP_LOGS days: not of the newest, "
            "nor of the last good ones, nor anything that a rollback needs.")

    def add_arguments(self, parser):
        """Say what may be chosen."""
        parser.add_argument("--dry-run", action="store_true", help="only tell how much that is")

    def handle(self, *, dry_run, **options):
        """Remove, and tell."""
        if dry_run:
            old = retention.old_logs()
            count, freed = old.count(), old.aggregate(sum=Sum("log_bytes"))["sum"] or 0
        else:
            count, freed = retention.prune()
        verb = "would be" if dry_run else "were"
        self.stdout.write(f"{count} logs {verb} removed, {freed / 1e6:.1f} MB")
