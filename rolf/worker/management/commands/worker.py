"""manage.py worker: carry out pushes until a signal ends it."""

import logging
import os
import sys
from pathlib import Path

from django.core.management.base import BaseCommand
from django.db import connection

from pushes.run import runner, survey  # noqa: F401 - before children are forked
from pushes.tasks import PUSHES, SURVEYS
from worker.process import WorkerProcess

from ...release import Release

SLOTS = 8
SURVEY_SLOTS = 4
GRACE = 300.0
TURN = 5.0  # seconds


class Command(BaseCommand):
    """The command `worker`."""

    help = "Carry out pushes, several at a time, each in its own process."

    def add_arguments(self, parser):
        """Add the options."""
        parser.add_argument(
            "--slots",
            type=int,
            default=SLOTS,
            metavar="N",
            help="pushes at a time (default: %(default)s)",
        )
        parser.add_argument(
            "--grace",
            type=float,
            default=GRACE,
            metavar="SECONDS",
            help="how long running pushes may go on after SIGTERM (default: %(default).0f)",
        )

    def handle(self, *, slots, grace, **options):
        """Print the process id, and work."""
        Release().pin()
        self.stdout.write(f"worker {os.getpid()} carries out pushes, {slots} at a time")
        self.stdout.flush()
        work(slots, grace)


def work(slots, grace=GRACE):
    """Carry out pushes until SIGTERM, or until there is a newer release."""
    logging.getLogger("django_tasks").setLevel(logging.WARNING)
    if connection.vendor == "sqlite":
        # A process that waits for its turn to write does nothing else, but it has to send the
        # targets of its push a heartbeat every few seconds.
        connection.settings_dict["OPTIONS"]["timeout"] = TURN
    WorkerProcess(
        grace=grace, changed=newer_release(), slots={PUSHES: slots, SURVEYS: SURVEY_SLOTS}
    ).start()


def newer_release():
    """Return a function that returns whether manage.py's path leads elsewhere than at the start.

    It does after a push of Rolf switched `current` to another release. systemd, or
    `manage.py rolf`, then starts the worker again from there.
    """
    path = Path(sys.argv[0]).absolute()
    began = path.resolve()
    return lambda: path.resolve() != began
