"""Pages of a deployment: new, its settings page, clone, close, delete, export."""

from bootstrapper.deploy.definition.deployment import FILE
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.decorators import atomic_post, login_required, no_store, superuser_required
from deployments import export as exporting
from history.models import record_change
from history.paging import to_int

from ..access import deployment_permission
from ..archive import pack
from ..cloning import clone as make_clone
from ..cloning import place_of
from ..forms.deployment import CloneForm, CloseForm, DeleteForm, DeploymentForm, NewDeploymentForm
from ..import_files import ImportRefused, fill
from ..models import Deployment, Grant, Level


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@atomic_post
@deployment_permission(Level.EDIT)
@no_store
def edit(request, deployment):
    """Change it."""
    name = str(deployment)
    form = DeploymentForm(request.POST or None, instance=deployment)
    form.fields["application"].queryset = request.access.applications()
    if form.is_valid():
        with record_change(request.user, deployment, deployment):
            form.save()
        messages.success(request, f"Saved: {deployment}.")
        return redirect("deployments:edit", deployment.pk)
    return _form(request, deployment, "deployments/general.html", form, called=name)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@atomic_post
@deployment_permission(Level.EDIT)
@no_store
def close(request, deployment):
    """Let nobody push it for a while, and say why; or open it again."""
    form = CloseForm(request.POST or None, initial={"why": deployment.closed})
    if form.is_valid():
        with record_change(request.user, deployment, deployment):
            if "open" in request.POST:
                deployment.closed, deployment.closed_by, deployment.closed_at = "", "", None
            else:
                deployment.closed = form.cleaned_data["why"]
                deployment.closed_by = request.user.get_username()
                deployment.closed_at = timezone.now()
            deployment.save()
        messages.success(request, f"{deployment} is closed." if deployment.closed_by
                         else f"{deployment} is open.")
        return redirect(deployment)
    return _form(request, deployment, "deployments/close.html", form)


@require_safe
@login_required
@deployment_permission(Level.EDIT)
@no_store
def history(request, deployment):
    """Show who changed what of it, newest first."""
    return render(request, "deployments/history.html", {
        "deployment": deployment, "tab": "deployment-history",
        "page": deployment.changes.page(to_int(request.GET.get("before")))})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@atomic_post
@deployment_permission(Level.EDIT)
@no_store
def delete(request, deployment):
    """Hide it, with all that it has; superusers can bring it back."""
    active = deployment.pushes.active().first()
    form = DeleteForm(request.POST or None, deployment=deployment)
    if form.is_valid() and not active:
        with record_change(request.user, deployment, deployment):
            deployment.deleted = timezone.now()
            deployment.save()
        messages.success(request, f"{deployment} is deleted.")
        return redirect("main:index")
    return _form(request, deployment, "deployments/delete.html", form, active=active)


def _form(request, deployment, template, form, **more):
    return render(request, template, {
        "deployment": deployment, "tab": "deployment-edit", "form": form, **more},
        status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@atomic_post
def new(request):
    """Make a deployment: superusers, and who has Django's permission to add one."""
    if not request.user.has_perm("deployments.add_deployment"):
        raise PermissionDenied("This needs the permission to add deployments.")
    form = NewDeploymentForm(request.POST or None, request.FILES or None)
    form.fields["application"].queryset = request.access.applications()
    if form.is_valid():
        try:
            with transaction.atomic():
                made, missing = _made(form, request.user)
        except ImportRefused as error:
            form.add_error("definition" if form.cleaned_data["definition"].strip() else "files",
                           error.faults)
        else:
            messages.success(request, f"{made} is there. Next: its stages and settings.")
            if missing:
                names = ", ".join(f"“{name}”" for name in missing)
                messages.warning(request, f"Nothing of that name is in the cookbook or came along: "
                                          f"{names}. Write it, or choose another for its stage.")
            return redirect("deployments:stages", made.pk)
    return render(request, "deployments/new.html", {"form": form},
                  status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@atomic_post
@deployment_permission(Level.EDIT)
@no_store
def clone(request, deployment):
    """Make another one like it."""
    form = CloneForm(request.POST or None, initial={"application": deployment.application})
    form.fields["application"].queryset = request.access.applications()
    if form.is_valid():
        told = form.cleaned_data
        if told["application"].deployments.not_deleted().filter(name=told["name"]).exists():
            form.add_error("name", "The application has a deployment of that name.")
        else:
            made = make_clone(deployment, request.user, **told)
            messages.success(request, f"{made} is there, with all that {deployment} has.")
            if place := place_of(made):
                messages.warning(request, f"Both are pushed to {place}: before you push {made}, "
                                          "give it a place of its own.")
            return redirect("deployments:settings", made.pk)
    return render(request, "deployments/clone.html", {
        "deployment": deployment, "tab": "deployment-edit", "form": form},
        status=422 if form.is_bound else 200)


@require_safe
@login_required
@superuser_required
def deleted(request):
    """Show deployments that were deleted."""
    gone = Deployment.objects.exclude(deleted=None).select_related("application__category")
    return render(request, "deployments/deleted.html", {"deployments": gone.order_by("-deleted")})


@require_POST
@login_required
@superuser_required
@atomic_post
def restore(request, deleted_id):
    """Bring back a deployment that was deleted."""
    found = get_object_or_404(Deployment.objects.exclude(deleted=None), pk=deleted_id)
    if found.application.deployments.not_deleted().filter(name=found.name).exists():
        messages.error(request, f"There is another {found} now: rename or delete that first.")
        return redirect("deployments:deleted")
    with record_change(request.user, found, found):
        found.deleted = None
        found.save()
    messages.success(request, f"{found} is back.")
    return redirect(found)


def _made(form, user):
    """Return the deployment that a valid form tells of, and names of recipes that are missing.

    Raises ImportRefused.
    """
    deployment = form.create(lambda row: record_change(user, row, row))
    if group := form.cleaned_data["group"]:
        grant = Grant(deployment=deployment, group=group, level=Level.EDIT)
        with record_change(user, grant, deployment):
            grant.save()
    files = form.cleaned_data["files"]
    return deployment, fill(deployment, files, user) if files else []


@require_safe
@login_required
@deployment_permission(Level.EDIT)
@no_store
def export(request, deployment):
    """Show its deployments.toml; `as` gives it as a file, or all its files in a tar."""
    files = exporting.files(deployment)
    match request.GET.get("as"):
        case "toml" if files:
            return _file(files[FILE], "deployments.toml", "application/toml")
        case "tar" if files:
            return _file(pack(files), f"{exporting.name_of(deployment)}.tar.gz",
                         "application/gzip")
    return render(request, "deployments/export.html", {
        "deployment": deployment, "tab": "deployment-edit", "files": files})


def _file(content, name, kind):
    return HttpResponse(content, content_type=kind, headers={
        "Content-Disposition": f'attachment; filename="{name}"'})
