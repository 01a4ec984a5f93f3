"""What one worker of an installation does from time to time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q

from database import clock

from .models import PeriodicTask


@dataclass(frozen=True, kw_only=True)
class Periodic:
    """A function that one worker calls once in an interval."""

    every: timedelta
    run: Callable[[], object]


def _maintain():
    from pushes import maintenance

    maintenance.maintain()


def _forget():
    from . import sweeping

    sweeping.forget()


def _remove_sessions():
    from login.models import Session

    Session.objects.remove_expired()


TASKS = {
    "maintain": Periodic(every=timedelta(days=1), run=_maintain),
    "forget": Periodic(every=timedelta(days=1), run=_forget),
    "sessions": Periodic(every=timedelta(hours=1), run=_remove_sessions),
}


def claim():
    """Claim a task that is due, so that no other worker runs it. Return its name or None."""
    now = clock.now()
    last = dict(PeriodicTask.objects.values_list("name", "last"))
    for name, task in TASKS.items():
        if name not in last:
            # The first time one interval after the installation, as at any later time.
            PeriodicTask.objects.get_or_create(name=name, defaults={"last": now})
        elif last[name] < now - task.every:
            due = PeriodicTask.objects.filter(Q(last=last[name]), name=name)
            if due.update(last=now):
                return name
    return None


def run(name):
    """Run a task."""
    TASKS[name].run()
