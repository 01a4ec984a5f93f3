"""Surveys of a repository. A page or the API asks for one, and a worker answers it."""

import threading
import time
from collections import Counter
from contextlib import contextmanager
from datetime import timedelta

from database import clock
from deployments.models import Survey

from . import tasks
from .claims import LOOKING
from .models import Worker
from .queue import ring

LATELY = timedelta(days=30)  # after this time, an unused survey is deleted
PATIENCE = 15.0  # seconds that a request waits for an answer; most take less than one
PAUSE = 0.05
# A user may send many requests at once. These limits leave threads and workers free for others.
OPEN = 4  # refs of one deployment that may wait for a worker
WAITING = 3  # requests of one deployment that may wait for an answer, in each server process

_waiting = Counter()
_waiting_lock = threading.Lock()


def ask(deployment, ref=""):
    """Queue a survey of a ref (by default the branch), and return the Survey.

    If a worker is already looking at the ref, return that Survey. Old surveys are deleted. If OPEN
    refs already wait for a worker, the returned Survey is unsaved and has a fault.
    """
    now = clock.now()
    waiting = deployment.surveys.filter(answered=None, asked__gt=now - LOOKING)
    looking = waiting.filter(ref=ref or deployment.branch).first()
    if looking:
        return looking
    if waiting.count() >= OPEN:
        return _refused(deployment, ref, f"{OPEN} branches of it wait for a worker")
    Survey.objects.filter(deployment=deployment, asked__lt=now - LATELY).delete()
    survey, _ = Survey.objects.update_or_create(
        deployment=deployment,
        ref=ref or deployment.branch,
        defaults={"asked": now, "answered": None, "claimed": None},
    )
    ring(tasks.survey, survey.pk)
    return survey


def look(deployment, ref=""):
    """Queue a survey and wait for the answer. Return None if no worker answers within PATIENCE.

    Call this outside of a transaction: inside one, no worker would see the survey.
    """
    if not Worker.objects.heard().exists():
        return None
    with _waiting_place(deployment) as free:
        if not free:
            return _refused(deployment, ref, f"{WAITING} requests wait for a look into it")
        survey = ask(deployment, ref)
        if survey.answered and survey.fault:
            return survey
        deadline = time.monotonic() + PATIENCE
        answered = Survey.objects.filter(pk=survey.pk, answered__isnull=False)
        while not (found := answered.first()) and time.monotonic() < deadline:
            time.sleep(PAUSE)
        return found


def _refused(deployment, ref, why):
    """Return an unsaved Survey whose answer is that there are too many."""
    now = clock.now()
    return Survey(
        deployment=deployment,
        ref=ref or deployment.branch,
        asked=now,
        answered=now,
        fault=f"The repository: {why} already. Try again in a minute.",
    )


@contextmanager
def _waiting_place(deployment):
    """Take one of the WAITING places of the deployment, and yield whether there was one."""
    with _waiting_lock:
        free = _waiting[deployment.pk] < WAITING
        _waiting[deployment.pk] += free
    try:
        yield free
    finally:
        with _waiting_lock:
            _waiting[deployment.pk] -= free
            if not _waiting[deployment.pk]:
                del _waiting[deployment.pk]
