"""Looks into a deployment's repository: a page or the API asks for one, and a worker looks."""

import threading
import time
from collections import Counter
from contextlib import contextmanager
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from deployments.models import Survey

from . import tasks
from .models import Worker

LOOKING = timedelta(minutes=1)  # after that, the worker that looks counts as dead
LATELY = timedelta(days=30)
PATIENCE = 15.0  # seconds that a person waits for a look; most take less than one
PAUSE = 0.05
# A person may send many requests at once: they must leave threads and workers to other deployments.
OPEN = 4  # refs of one deployment that may wait for a worker
WAITING = 3  # requests of one deployment that may wait for an answer, in each server process

_waiting = Counter()
_waiting_lock = threading.Lock()


def ask(deployment, ref=""):
    """Ask a worker what is at a ref, and what would go out with it; return the Survey.

    While a worker looks there, nobody asks a second time. Surveys that nobody has asked for lately
    are deleted. Where OPEN refs wait already, the Survey is not saved and has a fault.
    """
    now = timezone.now()
    waiting = deployment.surveys.filter(answered=None, asked__gt=now - LOOKING)
    looking = waiting.filter(ref=ref or deployment.branch).first()
    if looking:
        return looking
    if waiting.count() >= OPEN:
        return _crowded(deployment, ref, f"{OPEN} branches of it wait for a worker")
    Survey.objects.filter(deployment=deployment, asked__lt=now - LATELY).delete()
    survey, _ = Survey.objects.update_or_create(
        deployment=deployment, ref=ref or deployment.branch,
        defaults={"asked": now, "answered": None})
    transaction.on_commit(lambda: tasks.survey.enqueue(survey.pk))
    return survey


def look(deployment, ref=""):
    """Ask, and wait for the answer; return None where no worker answers within PATIENCE.

    Inside a transaction no worker would learn of the question, so call this outside of one.
    """
    if not Worker.objects.heard().exists():
        return None
    with _turn(deployment) as free:
        if not free:
            return _crowded(deployment, ref, f"{WAITING} requests wait for a look into it")
        survey = ask(deployment, ref)
        if survey.answered and survey.fault:
            return survey
        deadline = time.monotonic() + PATIENCE
        answered = Survey.objects.filter(pk=survey.pk, answered__isnull=False)
        while not (found := answered.first()) and time.monotonic() < deadline:
            time.sleep(PAUSE)
        return found


def _crowded(deployment, ref, why):
    """Return an answer that no worker has to give."""
    now = timezone.now()
    return Survey(deployment=deployment, ref=ref or deployment.branch, asked=now, answered=now,
                  fault=f"The repository: {why} already. Try again in a minute.")


@contextmanager
def _turn(deployment):
    """Give whether one request more of the deployment may wait; it counts until this is left."""
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
