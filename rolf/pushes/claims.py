"""Which waiting push or survey a worker takes next. A claim is one UPDATE: only one succeeds."""

from datetime import timedelta

from django.db.models import F, Q

from database import clock
from deployments.models import Survey

from .models import Push, Worker

LOOKING = timedelta(minutes=1)  # after this time, Rolf no longer expects an answer


def claim_push(worker, key=None):
    """Claim the push that has waited longest, or the one with that key. Return its key or None.

    The worker must have the labels of the deployment, and the checkout of a resumed push.
    """
    waiting = Push.objects.filter(state=Push.State.QUEUED).claimable_in(worker.place)
    if key is not None:
        waiting = waiting.filter(pk=key)
    fields = ("pk", "deployment__labels")
    for pk, labels in waiting.order_by("queued", "pk").values_list(*fields):
        if worker.carries(labels) and waiting.filter(pk=pk).update(
            state=Push.State.RUNNING,
            worker=worker,
            started=clock.now(),
            claims=F("claims") + 1,
            version=F("version") + 1,
        ):
            return pk
    return None


def lacks_worker(push):
    """Return why no worker that runs can claim a queued push, as a sentence; "" if one can."""
    if push.state != Push.State.QUEUED:
        return ""
    labels = push.deployment.labels
    workers = [worker for worker in Worker.objects.heard() if not worker.draining]
    if not workers:
        return "No worker runs."
    if not any(worker.carries(labels) for worker in workers):
        return f"No worker with the labels {labels} runs."
    return ""


def give_back(push):
    """Queue a push again that its worker claimed and did not begin. Return whether it did."""
    claimed = Push.objects.filter(pk=push.pk, state=Push.State.RUNNING, worker=push.worker_id)
    return claimed.update(state=Push.State.QUEUED, worker=None, version=F("version") + 1)


def claim_survey(worker, key=None):
    """Claim the survey that has waited longest, or the one with that key. Return its key or None.

    If the worker of an earlier claim has not answered within LOOKING, another worker may.
    """
    now = clock.now()
    unclaimed = Q(claimed=None) | Q(claimed__lt=now - LOOKING)
    waiting = Survey.objects.filter(unclaimed, answered=None, asked__gt=now - 2 * LOOKING)
    if key is not None:
        waiting = waiting.filter(pk=key)
    fields = ("pk", "deployment__labels")
    for pk, labels in waiting.order_by("asked", "pk").values_list(*fields):
        if worker.carries(labels) and waiting.filter(pk=pk).update(claimed=now):
            return pk
    return None
