"""manage.py worker: carry out pushes until a signal ends it."""

import argparse
import os
import sys
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand
from django.db import connection

from deployments.labels import check_labels
from pushes.queue import PUSHES, SURVEYS
from pushes.run import runner, survey  # noqa: F401 - before children are forked
from worker.process import WorkerProcess

from ...handover import wait_for_worker
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
        add_worker_arguments(parser)
        parser.add_argument(
            "--grace",
            type=float,
            default=GRACE,
            metavar="SECONDS",
            help="how long running pushes may go on after SIGTERM (default: %(default).0f)",
        )
        parser.add_argument(
            "--check",
            action="store_true",
            help="only check that a worker of this machine runs this release",
        )

    def handle(self, *, slots, labels, grace, check, **options):
        """Print the process id, and work."""
        release = Release()
        if check:
            found = wait_for_worker(release.here.name)
            self.stdout.write(f"{found} runs release {found.release}")
            return
        release.pin()
        labelled = f", with the labels {labels}" if labels else ""
        self.stdout.write(f"worker {os.getpid()} carries out pushes, {slots} at a time{labelled}")
        self.stdout.flush()
        work(slots, labels, release, grace)


def add_worker_arguments(parser):
    """Add the options of a worker."""
    parser.add_argument(
        "--slots",
        type=int,
        default=SLOTS,
        metavar="N",
        help="pushes at a time (default: %(default)s)",
    )
    parser.add_argument(
        "--labels",
        type=_labels,
        default=settings.WORKER_LABELS,
        metavar="'LABEL …'",
        help="also carry out deployments that ask for these labels (default: ROLF_WORKER_LABELS)",
    )


def _labels(text):
    """Return labels of the command line. Raise ArgumentTypeError."""
    try:
        return check_labels(text)
    except ValidationError as error:
        raise argparse.ArgumentTypeError(" ".join(error.messages)) from None


def work(slots, labels, release, grace=GRACE):
    """Carry out pushes until SIGTERM, or until there is a newer release."""
    if connection.vendor == "sqlite":
        # A process that waits for its turn to write does nothing else, but it has to send the
        # targets of its push a heartbeat every few seconds.
        connection.settings_dict["OPTIONS"]["timeout"] = TURN
    WorkerProcess(
        grace=grace,
        changed=newer_release(),
        slots={PUSHES: slots, SURVEYS: SURVEY_SLOTS},
        labels=labels,
        release=release.here.name,
    ).start()


def newer_release():
    """Return a function that returns whether manage.py's path leads elsewhere than at the start.

    It does after a push of Rolf switched `current` to another release. systemd, or
    `manage.py rolf`, then starts the worker again from there.
    """
    path = Path(sys.argv[0]).absolute()
    began = path.resolve()
    return lambda: path.resolve() != began
