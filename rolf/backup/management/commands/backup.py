"""manage.py backup: one consistent file of everything that Rolf keeps, while pushes run."""

from django.core.management.base import BaseCommand, CommandError

from backup.create import create
from backup.errors import BackupError
from backup.place import remove_old


class Command(BaseCommand):
    """The command `backup`."""

    help = "Back up the database, keys, settings, media, stored logs and kept checkouts."

    def add_arguments(self, parser):
        """Add the options."""
        parser.add_argument(
            "path", metavar="FILE_OR_DIRECTORY", help="in a directory, the file gets a name"
        )
        parser.add_argument(
            "--without-keys",
            action="store_true",
            help="leave out the keys and .env: without them, the backup reveals no secret",
        )
        parser.add_argument(
            "--without-stores",
            action="store_true",
            help="leave out the directories of logs and checkouts",
        )
        parser.add_argument(
            "--encrypt", default="", metavar="RECIPIENT", help="encrypt for this public key of age"
        )
        parser.add_argument(
            "--portable",
            action="store_true",
            help="write rows that fit SQLite and PostgreSQL, for a move between them",
        )
        parser.add_argument(
            "--keep", type=int, metavar="N", help="remove all but the N newest of the directory"
        )

    def handle(self, *, path, without_keys, without_stores, encrypt, portable, keep, **options):
        """Write the backup, and print what it holds."""
        try:
            path, manifest = create(
                path,
                with_keys=not without_keys,
                with_stores=not without_stores,
                portable=portable,
                recipient=encrypt,
            )
        except BackupError as error:
            raise CommandError(str(error), returncode=1) from None
        self.stdout.write(f"{path}: {path.stat().st_size:,} bytes, verified")
        self._print_keys(manifest, without_keys, encrypt)
        if keep:
            for old in remove_old(path.parent, keep):
                self.stdout.write(f"removed {old}")
        self._print_stores(manifest)

    def _print_keys(self, manifest, without_keys, encrypted):
        names = ", ".join(manifest["seal_keys"])
        if without_keys:
            self.stdout.write(f"keys: not in it; keep {names} elsewhere")
        elif not encrypted:
            self.stdout.write(
                f"keys: {names} and .env are in it, so its readers can decrypt every secret"
            )

    def _print_stores(self, manifest):
        missing = []
        for setting, store in manifest["stores"].items():
            self.stdout.write(f"{setting}: {_objects(store['copied'])}")
            if store["elsewhere"]:
                self.stdout.write(f"  {_objects(store['elsewhere'])} left in {store['url']}")
            missing += [f"{setting}: {name} is missing" for name in store["missing"]]
        for line in missing[:20]:
            self.stderr.write(line)
        if missing:
            raise CommandError(
                f"the backup is whole but for {_objects(len(missing))}. Retention may have removed "
                "them meanwhile\n  next: ./manage.py prune_pushes --dry-run  # then back up again",
                returncode=3,
            )


def _objects(number):
    return f"{number:,} object{'' if number == 1 else 's'}"
