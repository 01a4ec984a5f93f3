"""The history of the whole site; each deployment has a page with its own."""

from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.decorators import login_required, superuser_required

from .forms import ChangeSearchForm
from .models import Change
from .paging import to_int


@require_safe
@login_required
@superuser_required
def history(request):
    """List all changes, newest first."""
    search = ChangeSearchForm(request.GET)
    changes = Change.objects.select_related("deployment__application")
    page = search.among(changes).page(to_int(request.GET.get("before")))
    return render(request, "history/history.html", {"search": search, "page": page})
