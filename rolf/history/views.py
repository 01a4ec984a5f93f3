"""The history of the whole site, and the audit log; each deployment has a page with its own."""

from django.shortcuts import render
from django.views.decorators.http import require_safe

import audit
from accounts.decorators import login_required, no_store, superuser_required
from audit.models import Entry

from .audit_search import AuditSearchForm
from .forms import ChangeSearchForm
from .models import PAGE, Change
from .paging import KeysetPage, to_int


@require_safe
@login_required
@superuser_required
def history(request):
    """List all changes, newest first."""
    search = ChangeSearchForm(request.GET)
    changes = Change.objects.select_related("deployment__application")
    page = search.among(changes).page(to_int(request.GET.get("before")))
    return render(request, "history/history.html", {"search": search, "page": page})


@require_safe
@login_required
@superuser_required
@no_store
def audit_log(request):
    """List the rows of the audit log, newest first. That a user reads it is recorded, too."""
    search = AuditSearchForm(request.GET)
    found = search.among(Entry.objects.all())
    page = KeysetPage.before(to_int(request.GET.get("before")), found, PAGE)
    audit.record_once("audit.read", key=(request.user.pk,), interval=600, request=request)
    return render(request, "history/audit.html", {"search": search, "page": page})
