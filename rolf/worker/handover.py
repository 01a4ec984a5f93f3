"""Whether this machine has a worker of the release that is current."""

import time

from django.core.management.base import CommandError

from pushes.models import Push, Worker

PATIENCE = 60.0  # seconds for a worker to end and to start again
PAUSE = 0.5


def wait_for_worker(release, seconds=PATIENCE):
    """Return the worker of this machine that runs the release, or will when its pushes have ended.

    Raise CommandError if there is none after a number of seconds.
    """
    end = time.monotonic() + seconds
    while not (worker := _found(release)):
        if time.monotonic() > end:
            raise CommandError(
                f"no worker of this machine runs release {release}\n"
                "  next: sudo journalctl -u rolf-worker -n 50"
            )
        time.sleep(PAUSE)
    return worker


def _found(release):
    here = Worker.objects.here().heard()
    running = here.filter(pushes__state=Push.State.RUNNING)
    return here.filter(release=release).first() or running.first()
