"""The history of everything; that of one deployment is on its own page."""

from django.shortcuts import render

from deployments.access import superusers

from .forms import Search
from .models import Change
from .paging import page


@superusers()
def history(request):
    """Show who changed what, newest first."""
    search = Search(request.GET)
    changes = Change.objects.select_related("deployment__application")
    found = page(search.among(changes), request.GET.get("before"))
    return render(request, "history/history.html", {"search": search, "page": found})
