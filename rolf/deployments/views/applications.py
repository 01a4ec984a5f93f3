"""Categories and applications, for superusers."""

from django.contrib import messages
from django.db.models import Count, Q
from django.forms import modelform_factory
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.decorators import atomic_post, login_required, superuser_required
from history.models import record_change

from ..models import Application, Category

FORMS = {Category: modelform_factory(Category, fields=["name"]),
         Application: modelform_factory(Application, fields=["name", "category"])}


@require_safe
@login_required
@superuser_required
def applications(request):
    """Show all of them."""
    living = Count("applications__deployments", filter=Q(applications__deployments__deleted=None))
    categories = Category.objects.annotate(deployments=living).prefetch_related("applications")
    return render(request, "deployments/applications.html", {"categories": categories})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@superuser_required
@atomic_post
def category_new(request):
    """Make a category."""
    return _saved(request, Category(), "New category")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@superuser_required
@atomic_post
def category(request, category_id):
    """Rename a category."""
    found = get_object_or_404(Category, pk=category_id)
    return _saved(request, found, str(found), empty=not found.applications.exists())


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@superuser_required
@atomic_post
def application(request, application_id):
    """Rename an application, or move it into another category."""
    found = get_object_or_404(Application, pk=application_id)
    return _saved(request, found, str(found), empty=not found.deployments.exists())


def _saved(request, row, heading, *, empty=False):
    """Save a row, or delete it if nothing belongs to it."""
    if request.method == "POST" and "delete" in request.POST and empty:
        with record_change(request.user, row):
            row.delete()
        messages.success(request, f"Deleted: {heading}.")
        return redirect("deployments:applications")
    form = FORMS[type(row)](request.POST or None, instance=row)
    if form.is_valid():
        with record_change(request.user, row):
            form.save()
        messages.success(request, f"Saved: {row}.")
        return redirect("deployments:applications")
    return render(request, "deployments/application.html", {
        "form": form, "heading": heading, "empty": empty}, status=422 if form.is_bound else 200)
