"""The front page and the search."""

import mimetypes
from pathlib import Path

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.decorators import login_required

from .board import board
from .search import find

ROOT_FILES = Path(__file__).parent / "static" / "main"


def root_file(request, name):
    """Send a small file that browsers and robots expect at the root of the site."""
    return HttpResponse(
        (ROOT_FILES / name).read_bytes(), content_type=mimetypes.guess_type(name)[0]
    )


@require_safe
@login_required
def index(request):
    """Show the deployments that the user can see: recently pushed ones, then all by category."""
    shown = board(
        request.access, page=request.GET.get("page", 1), category=request.GET.get("category")
    )
    part = request.htmx and not request.htmx.boosted
    return render(request, "main/board.html" if part else "main/index.html", {"board": shown})


@require_safe
@login_required
def search(request):
    """Show the results of a search by name."""
    words = request.GET.get("q", "").strip()
    template = "main/found.html" if request.htmx else "main/search.html"
    return render(request, template, {"words": words, "found": find(request.access, words)})
