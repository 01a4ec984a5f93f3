"""Looks into a deployment's repository: a page or the API asks for one, and a worker looks."""

import time
from datetime import timedelta

from django.apps import apps
from django.db import transaction
from django.utils import timezone

from deployments.models import Survey

from . import tasks

LOOKING = timedelta(minutes=1)  # after that, the worker that looks counts as dead
LATELY = timedelta(days=30)
PATIENCE = 15.0  # seconds that a person waits for a look; most take less than one
PAUSE = 0.1


def ask(deployment, ref=""):
    """Ask a worker what is at a ref, and what would go out with it; return the Survey.

    While a worker looks there, nobody asks a second time. Surveys that nobody has asked for lately
    are deleted.
    """
    now = timezone.now()
    asked = Survey.objects.filter(deployment=deployment, ref=ref or deployment.branch)
    looking = asked.filter(answered=None, asked__gt=now - LOOKING).first()
    if looking:
        return looking
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
    if not apps.get_model("worker", "Worker").objects.heard().exists():
        return None
    survey = ask(deployment, ref)
    deadline = time.monotonic() + PATIENCE
    answered = Survey.objects.filter(pk=survey.pk, answered__isnull=False)
    while not (found := answered.first()) and time.monotonic() < deadline:
        time.sleep(PAUSE)
    return found
