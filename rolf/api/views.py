"""The page about the API, and the pages of tokens."""

from django.contrib import messages
from django.db.models import F, Prefetch
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from accounts.decorators import atomic_post, login_required
from database import clock
from deployments.models import Level
from history.models import record_change

from .forms import NewToken
from .models import Token
from .responses import problem

LISTED = 500


@require_safe
@login_required
def guide(request):
    """Explain how a script pushes. The example is a deployment that the user can push."""
    mine = request.access.deployments(Level.PUSH).select_related("application")
    example = mine.order_by("pk").first()
    return render(
        request,
        "api/guide.html",
        {
            "example": example.pk if example else 1,
            "named": example or "",
            "address": request.build_absolute_uri(reverse("operations:api-root")).rstrip("/"),
        },
    )


@csrf_exempt  # it uses no cookie and changes nothing
def absent(request, rest):
    """Return a problem for a URL that the API does not have."""
    return problem(request, 404, "The API has no such URL. /api/openapi.json lists all of them.")


@require_safe
@login_required
def tokens(request):
    """List the user's tokens, or all tokens for superusers. Revoked ones come last."""
    seen = Token.objects.seen_by(request.user).select_related("user")
    newest = seen.order_by(F("revoked").desc(nulls_first=True), "-pk")[:LISTED]
    # Do not name deployments that the user can no longer see.
    known = request.access.deployments().select_related("application")
    listed = newest.prefetch_related(Prefetch("chosen", known, to_attr="known"))
    return render(request, "api/tokens.html", {"tokens": listed})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@atomic_post
@never_cache
def new(request):
    """Create a token. Only this response shows its text."""
    form = NewToken(request.POST or None, access=request.access)
    if form.is_valid():
        with record_change(request.user, form.instance):
            text = form.save()
        return render(request, "api/made.html", {"token": form.instance, "text": text})
    return render(request, "api/new.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@atomic_post
def revoke(request, token_id):
    """Ask for confirmation, then revoke a token."""
    token = get_object_or_404(Token.objects.seen_by(request.user), pk=token_id)
    if request.method != "POST":
        return render(request, "api/revoke.html", {"token": token})
    with record_change(request.user, token):
        token.revoked = token.revoked or clock.now()
        token.save()
    messages.success(request, f"The token {token} has been revoked.")
    return redirect("api:tokens")
