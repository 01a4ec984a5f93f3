"""/metrics, for Prometheus. It is off unless METRICS_TOKEN or METRICS_ADDRESSES is set."""

import logging
import secrets
from ipaddress import ip_address, ip_network

from bootstrapper.deploy.events.event import State
from django.conf import settings
from django.db import Error
from django.db.models import Count, Min
from django.http import Http404, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from audit.models import Delivery, Head, Pending
from database import clock
from pushes.live.hub import open_streams
from pushes.models import ACTIVE, Push, Worker

from .deadline import Bounded
from .prometheus import MEDIA_TYPE, Metric, render
from .push_totals import PushTotals

PATIENCE = 4.0  # seconds

logger = logging.getLogger(__name__)
_totals = PushTotals()


def is_allowed(request):
    """Return whether the request has the token, or comes from one of the addresses."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if settings.METRICS_TOKEN and kind.lower() == "bearer":
        return secrets.compare_digest(token.strip().encode(), settings.METRICS_TOKEN.encode())
    try:
        address = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False  # a Unix socket has no address
    return any(address in ip_network(each, strict=False) for each in settings.METRICS_ADDRESSES)


@never_cache
@require_safe
def metrics(request):
    """Return the metrics. If the database does not answer, those that need none."""
    if not (settings.METRICS_TOKEN or settings.METRICS_ADDRESSES):
        raise Http404("Metrics are off: METRICS_TOKEN and METRICS_ADDRESSES are not set.")
    if not is_allowed(request):
        return HttpResponse(
            "The metrics need the token in METRICS_TOKEN, or an address in METRICS_ADDRESSES.\n",
            status=401,
            headers={"WWW-Authenticate": "Bearer"},
            content_type="text/plain; charset=utf-8",
        )
    streams = Metric("rolf_streams", "gauge", "Open event streams of this process.")
    up = Metric("rolf_database_up", "gauge", "Whether the database answers.")
    try:
        found = _measure()
    except (Error, TimeoutError) as error:
        logger.warning("metrics: the database does not answer: %s", error)
        found = []
    text = render([streams.add(open_streams()), up.add(bool(found)), *found])
    return HttpResponse(text, content_type=MEDIA_TYPE)


def measured():
    """Return the metrics that come from the database."""
    now = clock.now()
    return [*_pushes(now), *_ended(), _heartbeats(now), *_audit()]


_measure = Bounded(lambda: measured(), PATIENCE)


def _pushes(now):
    states = Metric("rolf_pushes", "gauge", "Pushes that wait or run, by state.")
    by_state = dict(
        Push.objects.active().order_by().values_list("state").annotate(number=Count("pk"))
    )
    for state in ACTIVE:
        states.add(by_state.get(state, 0), state=state)
    queued = Push.objects.filter(state=State.QUEUED)
    oldest = queued.aggregate(since=Min("queued"))["since"]
    age = Metric("rolf_oldest_queued_seconds", "gauge", "Age of the oldest waiting push, or 0.")
    return states, age.add(max((now - oldest).total_seconds(), 0) if oldest else 0)


def _ended():
    totals = _totals()
    lasted = Metric("rolf_push_duration_seconds", "histogram", "How long pushes took, by state.")
    for state, histogram in sorted(totals.ended.items()):
        histogram.add_to(lasted, state=state)
    waited = Metric(
        "rolf_push_wait_seconds", "histogram", "From the request of a push until a worker began it."
    )
    totals.waited.add_to(waited)
    return lasted, waited


def _heartbeats(now):
    metric = Metric(
        "rolf_worker_heartbeat_age_seconds", "gauge", "Since the last heartbeat, by worker."
    )
    for worker in Worker.objects.filter(ended=None).order_by("pk"):
        age = max((now - worker.beat).total_seconds(), 0)
        metric.add(age, machine=worker.host, pid=worker.pid)
    return metric


def _audit():
    pending = Metric("rolf_audit_pending", "gauge", "Audit events that are not in the chain yet.")
    behind = Metric("rolf_audit_behind", "gauge", "Rows of the audit log that a sink has not got.")
    head = Head.objects.get().sequence
    sent = dict(Delivery.objects.values_list("url", "sent"))
    for url in settings.AUDIT_SINKS:
        behind.add(head - sent.get(url, 0), sink=url.partition("?")[0])
    return pending.add(Pending.objects.count()), behind
