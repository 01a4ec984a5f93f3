"""manage.py restore: put a backup into an installation, or check it."""

import sys

from django.core.management.base import BaseCommand, CommandError

from backup.errors import BackupError
from backup.restore import opened, refuse_unfit, refuse_used, restore


class Command(BaseCommand):
    """The command `restore`."""

    help = "Restore a backup into a new installation. Stop Rolf before."
    requires_migrations_checks = False

    def add_arguments(self, parser):
        """Add the options."""
        parser.add_argument("path", metavar="FILE", help="what `manage.py backup` has written")
        parser.add_argument("--check", action="store_true", help="verify the backup, write nothing")
        parser.add_argument(
            "--replace",
            action="store_true",
            help="replace the database of an installation in use; the old one is kept beside",
        )
        parser.add_argument("--yes", action="store_true", help="do not ask before --replace")
        parser.add_argument(
            "--run-queued",
            action="store_true",
            help="let workers carry out the pushes that were queued; without it they are cancelled",
        )
        parser.add_argument(
            "--without-keys", action="store_true", help="restore without the keys of secrets"
        )
        parser.add_argument(
            "--identity", default="", metavar="KEY_FILE", help="the key of age that decrypts it"
        )

    def handle(self, *, path, check, replace, yes, run_queued, without_keys, identity, **options):
        """Verify the backup, restore it, and print what was done."""
        try:
            with opened(path, identity) as archive:
                self._print_contents(path, archive.manifest)
                if check:
                    return
                refuse_unfit(archive, with_keys=not without_keys)
                refuse_used(replace=replace)
                if replace and not yes:
                    self._ask()
                done = restore(archive, with_keys=not without_keys, run_queued=run_queued)
        except BackupError as error:
            raise CommandError(str(error), returncode=1) from None
        self._print_done(done, run_queued)

    def _print_contents(self, path, manifest):
        rows = manifest["rows"]
        self.stdout.write(
            f"{path}: verified, {len(manifest['files'])} files, of {manifest['created']}, "
            f"{manifest['database']['server']}"
        )
        self.stdout.write(
            f"{rows['accounts.User']} users, {rows['deployments.Deployment']} deployments, "
            f"{rows['pushes.Push']} pushes, audit head {manifest['audit_head']}"
        )

    def _ask(self):
        if not sys.stdin.isatty():
            raise CommandError("nobody can answer here\n  next: add --yes", returncode=2)
        if input("Replace the database of this installation? Type yes: ") != "yes":
            raise CommandError("nothing was changed", returncode=1)

    def _print_done(self, done, run_queued):
        settled = done.settled
        queued = "wait for a worker" if run_queued else f"cancelled: {settled.cancelled}"
        self.stdout.write(f"pushes that were running, now lost: {settled.lost}")
        self.stdout.write(f"pushes that were queued, {'which ' * run_queued}{queued}")
        self.stdout.write(f"sessions ended: {settled.sessions}")
        if settled.logs:
            self.stdout.write(f"logs that the backup has not: {settled.logs}")
        if done.kept:
            self.stdout.write(f"the old database: {done.kept}")
        self.stdout.write(
            "restored. Passwords, permissions and tokens are those of the backup\n"
            "  next: ./manage.py audit verify"
        )
