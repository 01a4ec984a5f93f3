"""People see and end their sessions; superusers everybody's."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

import audit
from accounts.decorators import atomic_post, login_required, superuser_required
from login.models import Session

LISTED = 100


@require_safe
@login_required
@superuser_required
def sessions(request):
    """List everybody's sessions, those seen last first."""
    found = Session.objects.open().select_related("user")
    page = Paginator(found, LISTED).get_page(request.GET.get("page"))
    return render(request, "people/sessions.html", {"page": page, "everybody": True})


@require_POST
@login_required
@atomic_post
def end(request, session):
    """End a session."""
    found = get_object_or_404(Session.objects.seen_by(request.user), number=session)
    _end(request, Session.objects.filter(pk=found.pk), found.user)
    messages.success(request, f"Ended a session of {found.user}.")
    return redirect("people:account" if found.user == request.user else "people:sessions")


@require_POST
@login_required
@atomic_post
def end_others(request):
    """End all sessions of the user but the one of the request."""
    mine = Session.objects.filter(user=request.user)
    count = _end(request, mine.exclude(pk=request.session.session_key), request.user)
    messages.success(request, f"Ended {count} other session{'' if count == 1 else 's'}.")
    return redirect("people:account")


def _end(request, found, owner):
    count = found.end()
    if count:
        audit.record("session.ended", request=request, target=f"user {owner}", sessions=count)
    return count
