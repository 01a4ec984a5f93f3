"""The page of a push: its stages, its log, and what can be done with it."""

from django.http import JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

from accounts.decorators import login_required
from deployments.access import deployment_permission
from deployments.models import Level
from deployments.redaction import discretion
from history.paging import KeysetPage, to_int

from ..converters import Address
from ..live.follow import can_stream, stream, watch
from ..live.follow import follow as follow_push
from ..live.news import Cursor, digest, news, panel_of
from ..log_view.html import html_of
from ..log_view.search import first_error, first_hit

WINDOW = 400  # lines of the log that a page begins with
MOST = 1000  # lines that a page may ask for at once
PAGE = 30  # pushes of the list


@require_safe
@login_required
@deployment_permission(Level.VIEW)
def pushes(request, deployment):
    """List a deployment's pushes, newest first."""
    page = KeysetPage.before(to_int(request.GET.get("before")),
                             deployment.pushes.listed().with_ends(), PAGE)
    return render(request, "pushes/pushes.html", {"deployment": deployment, "page": page})


@require_safe
@login_required
@deployment_permission(Level.VIEW)
def push(request, deployment, address):
    """Show a push; `line` begins the log there, `q` at the first line that has those words.

    An address that it had earlier leads to the one that it has now.

    In the address lines count from 1, as in editors; everywhere else from 0.
    """
    found = _at(deployment, address).first() or pushed(deployment, address.earlier)
    if Address.of(found) != address:
        asked = request.GET.urlencode()
        return redirect(f"{found.get_absolute_url()}{asked and '?'}{asked}")
    words = request.GET.get("q", "")
    named = to_int(request.GET.get("line"))
    line = None if named is None else max(named - 1, 0)
    hit = None
    hidden = discretion(request, deployment, found)
    if words:
        hit = first_hit(found, words, line or 0, hidden=hidden)
        if hit is None and line:
            hit = first_hit(found, words, 0, hidden=hidden)  # round, to the top
        line = line if hit is None else hit
    first = max(found.log_lines - WINDOW, 0) if line is None else max(line - WINDOW // 4, 0)
    html, end = html_of(found, first, WINDOW, hit)
    html = mark_safe(hidden.html(html))  # noqa: S308 - rendered
    found.deployment = deployment
    panel = panel_of(found, deployment.granted)
    return render(request, "pushes/page.html", {
        "push": found, "deployment": deployment, "panel": panel, "lines": html,
        "first": first, "end": end, "before": max(first - WINDOW * 3 // 4, 0),
        "after": end + WINDOW // 4, "last": end >= found.log_lines, "line": line, "words": words,
        "hit": hit, "error": first_error(found), "code": (found.snapshot or {}).get("stages", []),
        "cursor": str(Cursor(found.log_lines if end >= found.log_lines else 0, digest(panel)))})


@require_safe
@login_required
@deployment_permission(Level.VIEW)
def lines(request, deployment, address):
    """Show lines of the log, `count` from `first` on: what the page puts before or after others."""
    found = get_object_or_404(deployment.pushes.defer("snapshot"), **address.lookup)
    first = to_int(request.GET.get("first"), 0)
    html, end = html_of(found, first, min(to_int(request.GET.get("count"), WINDOW), MOST))
    html = discretion(request, deployment, found).html(html)
    return JsonResponse({"first": first, "end": end, "html": html, "total": found.log_lines})


@require_safe
@login_required
@deployment_permission(Level.VIEW)
def search(request, deployment, address):
    """Tell which line has the words `q` next, from line `from` on; `back` looks upwards."""
    found = get_object_or_404(deployment.pushes.listed(), **address.lookup)
    hit = first_hit(found, request.GET.get("q", ""), to_int(request.GET.get("from"), 0),
                    backwards="back" in request.GET,
                    hidden=discretion(request, deployment, found))
    return JsonResponse({"line": hit})


@require_safe
@login_required
@deployment_permission(Level.VIEW)
def push_news(request, deployment, address):
    """Tell what is new since `cursor`, for browsers that ask again and again."""
    found = get_object_or_404(deployment.pushes.only("pk"), **address.lookup)
    told, _ = news(found.pk, Cursor.parse(request.GET.get("cursor")), deployment.granted)
    return JsonResponse(told or {"cursor": request.GET.get("cursor")})


@require_safe
@login_required
@deployment_permission(Level.VIEW)
def follow(request, deployment, address):
    """Send what is new since `cursor` as it comes; a browser that comes again goes on there."""
    found = get_object_or_404(deployment.pushes.only("pk"), **address.lookup)
    if not can_stream(request):
        return _no_streams()
    cursor = request.headers.get("Last-Event-ID") or request.GET.get("cursor")
    return stream(follow_push(
        request.session.session_key, deployment.pk, deployment.granted, found.pk,
        Cursor.parse(cursor)))


@require_safe
@login_required
def live(request):
    """Tell when anything changes that the board shows."""
    if not can_stream(request):
        return _no_streams()
    deployment = to_int(request.GET.get("deployment"))
    return stream(watch(request.session.session_key, deployment))


def pushed(deployment, address):
    """Return the push that an address names, of this deployment. Raises Http404."""
    return get_object_or_404(_at(deployment, address))


def _at(deployment, address):
    return deployment.pushes.with_ends().select_related("deployment__application").filter(
        **address.lookup)


def _no_streams():
    return JsonResponse({"fault": "This server has no streams: ask news/ again and again."},
                        status=406)
