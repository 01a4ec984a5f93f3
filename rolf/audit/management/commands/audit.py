"""manage.py audit: check the audit log."""

import signal
import threading

from django.core.management.base import BaseCommand, CommandError

from audit import chain
from audit.forwarding import Forwarder
from audit.models import Entry, Head

MOST = 20  # faults that `verify` prints


class Command(BaseCommand):
    """The command `audit`."""

    help = "Check the audit log."

    def add_arguments(self, parser):
        """Add the subcommands."""
        commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
        verify = commands.add_parser(
            "verify", help="find rows that were edited, removed, inserted, moved or cut off"
        )
        verify.add_argument(
            "--head",
            action="append",
            default=[],
            metavar="SEQUENCE:HASH",
            help="a head that was kept outside of the database: its row must be there, unchanged",
        )
        commands.add_parser("forward", help="send new rows to AUDIT_SINKS until SIGTERM")
        commands.add_parser("head", help="print SEQUENCE:HASH of the last row, to keep outside")

    def handle(self, *, command, **options):
        """Run the subcommand."""
        getattr(self, f"_{command}")(**options)

    def _forward(self, **options):
        ended = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: ended.set())
        Forwarder().run(lambda: not ended.is_set())

    def _head(self, **options):
        Entry.objects.append_pending()
        self.stdout.write(str(Head.objects.get().mark))

    def _verify(self, *, head, **options):
        try:
            kept = [chain.HeadMark.parse(text) for text in head]
        except ValueError as error:
            raise CommandError(f"--head: {error}", returncode=2) from None
        own = Head.objects.first()
        # Rows that are appended meanwhile come after this head.
        heads = [*kept, own.mark] if own else kept
        found = list(_first(chain.faults(Entry.objects.order_by("sequence").iterator(), heads)))
        last = Entry.objects.order_by("sequence").last()
        if own is None:
            found.append((0, "audit_head has no row"))
        elif last and last.sequence > Head.objects.get().sequence:
            found.append((last.sequence, "is behind the head: it was inserted by hand"))
        if found:
            for sequence, fault in found[:MOST]:
                self.stderr.write(f"audit_entry:{sequence}: {fault}")
            raise CommandError(
                "the audit log was changed. Compare it with what the sinks got, and with a backup\n"
                "  next: ./manage.py audit verify --head SEQUENCE:HASH  "
                "# with the last head that you kept",
                returncode=1,
            )
        self.stdout.write(f"{last.sequence if last else 0} rows, unchanged")
        self.stdout.write(f"head {own.mark}")


def _first(found):
    for number, fault in enumerate(found):
        if number == MOST:
            break
        yield fault
