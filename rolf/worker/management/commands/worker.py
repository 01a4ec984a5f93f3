"""manage.py worker: carries out pushes, until it is told to end."""

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
    """The command."""

    help = "Carry out pushes, several at a time, each in a process of its own."

    def add_arguments(self, parser):
        """Say what may be chosen."""
        parser.add_argument("--slots", type=int, default=SLOTS, metavar="N",
                            help="pushes at a time (default: %(default)s)")
        parser.add_argument("--grace", type=float, default=GRACE, metavar="SECONDS",
                            help="how long running pushes may go on when it is told to end "
                                 "(default: %(default).0f)")

    def handle(self, *, slots, grace, **options):
        """Work."""
        Release().pin()
        self.stdout.write(f"worker {os.getpid()} carries out pushes, {slots} at a time")
        self.stdout.flush()
        work(slots, grace)


def work(slots, grace=GRACE):
    """Carry out pushes until told to end, or until there is newer code."""
    logging.getLogger("django_tasks").setLevel(logging.WARNING)
    if connection.vendor == "sqlite":
        # Whoever waits for his turn to write does nothing else, and the targets of a push are to
        # hear every few seconds that it lives.
        connection.settings_dict["OPTIONS"]["timeout"] = TURN
    WorkerProcess(grace=grace, changed=newer_release(),
            slots={PUSHES: slots, SURVEYS: SURVEY_SLOTS}).start()


def newer_release():
    """Return a function that tells whether manage.py's path leads elsewhere than at the start.

    It does when `current` has been switched to another release: Rolf was pushed, perhaps by
    itself. Whoever started this starts it again, from there.
    """
    path = Path(sys.argv[0]).absolute()
    began = path.resolve()
    return lambda: path.resolve() != began
