"""The site's own pages: the front page, and the search."""

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
    """Answer for a file that visitors look for at the root; small, so it is sent whole."""
    return HttpResponse((ROOT_FILES / name).read_bytes(),
                        content_type=mimetypes.guess_type(name)[0])


@require_safe
@login_required
def index(request):
    """Show my recent deployments, and all that I may see by category."""
    shown = board(request.access, page=request.GET.get("page", 1),
                  category=request.GET.get("category"))
    part = request.htmx and not request.htmx.boosted
    return render(request, "main/board.html" if part else "main/index.html", {"board": shown})


@require_safe
@login_required
def search(request):
    """Show what has the words that are asked for in its name."""
    words = request.GET.get("q", "").strip()
    template = "main/found.html" if request.htmx else "main/search.html"
    return render(request, template, {"words": words, "found": find(request.access, words)})
