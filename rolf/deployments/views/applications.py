"""Pages of categories and applications, for superusers."""

from django.contrib import messages
from django.db.models import Count, Q
from django.forms import modelform_factory
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.decorators import atomic_post, login_required, superuser_required
from history.models import record_change

from ..models import Application, Category

FORMS = {
    Category: modelform_factory(Category, fields=["name"]),
    Application: modelform_factory(Application, fields=["name", "category"]),
}


@require_safe
@login_required
@superuser_required
def applications(request):
    """List all categories with their applications."""
    deployments = Count(
        "applications__deployments", filter=Q(applications__deployments__deleted=None)
    )
    categories = Category.objects.annotate(deployments=deployments).prefetch_related("applications")
    return render(request, "deployments/applications.html", {"categories": categories})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@superuser_required
@atomic_post
def category_new(request):
    """Create a category."""
    return _edit(request, Category(), "New category")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@superuser_required
@atomic_post
def category(request, category_id):
    """Rename a category, or delete an empty one."""
    row = get_object_or_404(Category, pk=category_id)
    return _edit(request, row, str(row), is_empty=not row.applications.exists())


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@superuser_required
@atomic_post
def application(request, application_id):
    """Rename an application or move it to another category, or delete an empty one."""
    row = get_object_or_404(Application, pk=application_id)
    return _edit(request, row, str(row), is_empty=not row.deployments.exists())


def _edit(request, row, heading, *, is_empty=False):
    """Save the row, or delete it if it is empty."""
    kind = row._meta.verbose_name
    if request.method == "POST" and "delete" in request.POST and is_empty:
        with record_change(request.user, row):
            row.delete()
        messages.success(request, f"Deleted the {kind} {heading}.")
        return redirect("deployments:applications")
    form = FORMS[type(row)](request.POST or None, instance=row)
    if form.is_valid():
        with record_change(request.user, row):
            form.save()
        messages.success(request, f"Saved the {kind} {row}.")
        return redirect("deployments:applications")
    return render(
        request,
        "deployments/application.html",
        {"form": form, "heading": heading, "empty": is_empty},
        status=422 if form.is_bound else 200,
    )
