"""manage.py seal_key: exchange the key that encrypts secrets."""

import sys
import time

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

import audit
from encryption.fernet import keys
from encryption.key_file import KeyFile, key_id
from encryption.rotation import reencrypt

SETTLE = 10.0  # seconds that a request may take which began with the old first key
ROUNDS = 20


class Command(BaseCommand):
    """The command `seal_key`."""

    help = "Exchange the key that encrypts secrets in the database (data/seal.key)."

    def add_arguments(self, parser):
        """Add the subcommands."""
        commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
        commands.add_parser("status", help="list the keys by their id")
        rotate = commands.add_parser(
            "rotate", help="all steps at once, where one machine has the file; can be run again"
        )
        commands.add_parser("add", help="add a new key that only decrypts, for the other machines")
        use = commands.add_parser("use", help="let a key encrypt from now on")
        use.add_argument("key", metavar="ID")
        commands.add_parser("reencrypt", help="encrypt everything with the first key")
        drop = commands.add_parser(
            "drop", help="remove all keys but the first, if nothing needs them"
        )
        for each in (rotate, drop):
            each.add_argument(
                "--settle",
                type=float,
                default=SETTLE,
                metavar="SECONDS",
                help="wait for requests that use the old key (default: %(default).0f)",
            )

    def handle(self, *, command, **options):
        """Run the subcommand."""
        getattr(self, f"_{command}")(**options)

    def _status(self, **options):
        for number, key in enumerate(keys()):
            self.stdout.write(f"{key_id(key)}  {'decrypts' if number else 'encrypts'}")

    def _rotate(self, *, settle, **options):
        file = self._file("rotate")
        if len(file.keys) == 1:
            file.add(Fernet.generate_key().decode(), first=True)
            audit.record("key.added", target=key_id(file.keys[0]))
        else:
            self.stdout.write("a rotation has begun: it continues")
        self.stdout.write(f"{key_id(file.keys[0])} encrypts from now on")
        self._reencrypt()
        self._drop(settle=settle)

    def _add(self, **options):
        file = self._file("add")
        key = Fernet.generate_key().decode()
        file.add(key)
        audit.record("key.added", target=key_id(key))
        self.stdout.write(
            f"added {key_id(key)}, which only decrypts\n"
            f"  next: copy {settings.SEAL_KEY_FILE} to all machines, then here: "
            f"{sys.argv[0]} seal_key use {key_id(key)}"
        )

    def _use(self, *, key, **options):
        file = self._file("use")
        found = [each for each in file.keys if key_id(each) == key]
        if not found:
            raise CommandError(
                f"{settings.SEAL_KEY_FILE} has no key {key}\n  next: {sys.argv[0]} seal_key status",
                returncode=2,
            )
        file.put_first(found[0])
        audit.record("key.used", target=key)
        self.stdout.write(
            f"{key} encrypts from now on\n"
            f"  next: copy {settings.SEAL_KEY_FILE} to all machines, then here: "
            f"{sys.argv[0]} seal_key reencrypt && {sys.argv[0]} seal_key drop"
        )

    def _reencrypt(self, **options):
        result = reencrypt(keys(), self._print_progress)
        self.stdout.write(f"{result.changed} values encrypted with {key_id(keys()[0])}")
        return result

    def _drop(self, *, settle, **options):
        """Remove the other keys when a whole pass, after a pause, has found nothing to do."""
        others = keys()[1:]
        if not others:
            self.stdout.write("there is one key")
            return
        for _ in range(ROUNDS):
            time.sleep(settle)
            result = reencrypt(keys(), self._print_progress)
            if not result.changed:
                break
        else:
            raise CommandError(
                "values are still encrypted with an old key: another machine has not got the "
                f"file yet\n  next: copy {settings.SEAL_KEY_FILE} to all machines",
                returncode=1,
            )
        for place in result.unreadable[:20]:
            self.stderr.write(f"{place}: no key decrypts it, so it stays as it is")
        names = ", ".join(map(key_id, others))
        if settings.SEAL_KEYS:
            self.stdout.write(
                f"nothing needs {names}\n"
                "  next: ${EDITOR:-vi} .env  # keep the first key of ROLF_SEAL_KEY, then restart"
            )
            return
        self._file("drop").drop(others)
        audit.record("key.dropped", target=names)
        self.stdout.write(f"dropped {names}: destroy its copies when no backup needs it any more")

    def _file(self, command):
        """Return the KeyFile. Raises CommandError if the keys are in the environment."""
        if settings.SEAL_KEYS:
            raise CommandError(
                "the keys are in ROLF_SEAL_KEY. Add a new one after a comma, on all machines, and "
                "restart Rolf. Then move it to the front, restart, and encrypt everything with it\n"
                f"  next: {sys.argv[0]} seal_key reencrypt && {sys.argv[0]} seal_key drop",
                returncode=2,
            )
        keys()  # creates the file
        return KeyFile(settings.SEAL_KEY_FILE)

    def _print_progress(self, model, name, number):
        self.stdout.write(f"{model._meta.label}.{name}: {number}")
        self.stdout.flush()
