"""The page of a push, the parts of its log, and the events that update pages."""

import logging

from django.http import JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

from accounts.decorators import login_required
from deployments.access import deployment_permission
from deployments.models import Level
from deployments.redaction import redactor
from history.paging import KeysetPage, to_int

from ..converters import Address
from ..live import share
from ..live.follow import can_stream, overview_events, push_events, stream
from ..live.news import Cursor, digest, news, render_panel
from ..log_view.html import render_lines
from ..log_view.search import first_error, first_hit
from ..reading import record_reading
from ..store.objects import AWAY, StoreError
from .log import answers_without_store

WINDOW = 400  # lines of the log in a page when it loads
MOST = 1000  # lines in one response
PAGE = 30  # pushes on a page of the list

logger = logging.getLogger("rolf.logs")


@require_safe
@login_required
@deployment_permission(Level.VIEW)
def list_pushes(request, deployment):
    """List the pushes of a deployment, newest first."""
    page = KeysetPage.before(
        to_int(request.GET.get("before")), deployment.pushes.listed().with_ends(), PAGE
    )
    return render(request, "pushes/pushes.html", {"deployment": deployment, "page": page})


@require_safe
@login_required
@deployment_permission(Level.VIEW)
def push_page(request, deployment, address):
    """Show a push. `line` is the first line of the log to show; `q` is the text to search for.

    A previous URL of the push redirects to its current one. In URLs, lines count from 1 as in
    editors; everywhere else they count from 0.
    """
    push = _pushes_at(deployment, address).first() or get_push(deployment, address.earlier)
    if Address.of(push) != address:
        query = request.GET.urlencode()
        return redirect(f"{push.get_absolute_url()}{query and '?'}{query}")
    push.deployment = deployment
    record_reading(request, deployment, push, "page")
    panel = render_panel(push, deployment.granted)
    try:
        log = _log_context(
            push,
            redactor(request, deployment, push),
            words=request.GET.get("q", ""),
            line=to_int(request.GET.get("line")),
        )
    except StoreError as error:
        logger.error("%s", error)
        log = {"fault": AWAY, "first": 0, "end": 0, "last": True}
    return render(
        request,
        "pushes/page.html",
        {
            "push": push,
            "deployment": deployment,
            "panel": panel,
            **log,
            "code": (push.snapshot or {}).get("stages", []),
            "cursor": str(Cursor(push.log_lines if log["last"] else 0, digest(panel))),
        },
        status=503 if "fault" in log else 200,
    )


def _log_context(push, hidden, *, words, line):
    """Return the template context for the log of a push: a window of its lines.

    The window is around the first line from `line` (counted from 1) on that has the words, else
    around `line`; without either, it is the end of the log. `hidden` is the user's Redactor.
    """
    line = None if line is None else max(line - 1, 0)
    hit = None
    if words:
        hit = first_hit(push, words, line or 0, hidden=hidden)
        if hit is None and line:
            hit = first_hit(push, words, 0, hidden=hidden)  # continue at the top
        line = line if hit is None else hit
    first = max(push.log_lines - WINDOW, 0) if line is None else max(line - WINDOW // 4, 0)
    html, end = render_lines(push, first, WINDOW, hit)
    return {
        "lines": mark_safe(hidden.html(html)),  # noqa: S308 - rendered
        "first": first,
        "end": end,
        "before": max(first - WINDOW * 3 // 4, 0),
        "after": end + WINDOW // 4,
        "last": end >= push.log_lines,
        "line": line,
        "words": words,
        "hit": hit,
        "error": first_error(push),
    }


@require_safe
@login_required
@deployment_permission(Level.VIEW)
@answers_without_store
def log_lines(request, deployment, address):
    """Return the HTML of `count` lines of the log, from `first` on."""
    push = get_object_or_404(deployment.pushes.defer("snapshot"), **address.lookup)
    record_reading(request, deployment, push, "page")
    first = to_int(request.GET.get("first"), 0)
    html, end = render_lines(push, first, min(to_int(request.GET.get("count"), WINDOW), MOST))
    html = redactor(request, deployment, push).html(html)
    return JsonResponse({"first": first, "end": end, "html": html, "total": push.log_lines})


@require_safe
@login_required
@deployment_permission(Level.VIEW)
@answers_without_store
def search_log(request, deployment, address):
    """Return the next line that has the words `q`, from line `from` on; with `back`, upwards."""
    push = get_object_or_404(deployment.pushes.listed(), **address.lookup)
    record_reading(request, deployment, push, "page")
    hit = first_hit(
        push,
        request.GET.get("q", ""),
        to_int(request.GET.get("from"), 0),
        backwards="back" in request.GET,
        hidden=redactor(request, deployment, push),
    )
    return JsonResponse({"line": hit})


@require_safe
@login_required
@deployment_permission(Level.VIEW)
def push_news(request, deployment, address):
    """Return what has changed since `cursor`, for pages that poll."""
    push = get_object_or_404(deployment.pushes.only("number", "state"), **address.lookup)
    record_reading(request, deployment, push, "page")
    changes, _ = news(push.pk, Cursor.parse(request.GET.get("cursor")), deployment.granted)
    return JsonResponse(changes or {"cursor": request.GET.get("cursor")})


@require_safe
@login_required
@deployment_permission(Level.VIEW)
def follow_push(request, deployment, address):
    """Stream the changes of a push since `cursor`, or since the last event of a reconnect."""
    push = get_object_or_404(deployment.pushes.only("number", "state"), **address.lookup)
    if not can_stream(request):
        return _no_streams()
    if share.is_full(request.user):
        return _too_many()
    record_reading(request, deployment, push, "page")
    cursor = request.headers.get("Last-Event-ID") or request.GET.get("cursor")
    events = push_events(
        request.session.session_key,
        deployment.pk,
        deployment.granted,
        push.pk,
        Cursor.parse(cursor),
    )
    return stream(share.counted(request.user, events))


@require_safe
@login_required
def follow_all(request):
    """Stream an event for each change of the board, or of one `deployment`."""
    if not can_stream(request):
        return _no_streams()
    if share.is_full(request.user):
        return _too_many()
    deployment_id = to_int(request.GET.get("deployment"))
    events = overview_events(request.session.session_key, deployment_id)
    return stream(share.counted(request.user, events))


def get_push(deployment, address):
    """Return the deployment's push at an address. Raise Http404 if there is none."""
    return get_object_or_404(_pushes_at(deployment, address))


def _pushes_at(deployment, address):
    return (
        deployment.pushes.with_ends()
        .select_related("deployment__application")
        .filter(**address.lookup)
    )


def _no_streams():
    return JsonResponse(
        {"fault": "This server cannot stream events. Poll news/ instead."}, status=406
    )


def _too_many():
    return JsonResponse(
        {"fault": f"You have {share.MOST} streams open. Close some, or poll news/ instead."},
        status=429,
    )
