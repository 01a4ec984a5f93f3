"""Pages of a deployment: create, change, clone, lock, delete, export."""

from bootstrapper.deploy.definition.deployment import FILE
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

import audit
from accounts.decorators import atomic_post, login_required, no_store, superuser_required
from database import clock
from deployments import export as exporting
from history.models import record_change
from history.paging import to_int

from ..access import deployment_permission
from ..archive import pack
from ..cloning import clone as make_clone
from ..cloning import place_of
from ..forms.deployment import CloneForm, DeleteForm, DeploymentForm, LockForm, NewDeploymentForm
from ..import_files import ImportRefused, fill
from ..models import Deployment, Grant, Level


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@atomic_post
@deployment_permission(Level.EDIT)
@no_store
def edit(request, deployment):
    """Change the deployment itself."""
    name = str(deployment)
    form = DeploymentForm(request.POST or None, instance=deployment)
    # Labels decide in which network a deployment's stages run.
    form.fields["labels"].disabled = not request.user.is_superuser
    form.fields["application"].queryset = request.access.applications()
    if form.is_valid():
        with record_change(request.user, deployment, deployment):
            form.save()
        messages.success(request, f"Saved {deployment}.")
        return redirect("deployments:edit", deployment.pk)
    return _form(request, deployment, "deployments/general.html", form, called=name)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@atomic_post
@deployment_permission(Level.EDIT)
@no_store
def lock(request, deployment):
    """Lock the deployment, so that nobody can push it, or unlock it."""
    form = LockForm(request.POST or None, initial={"why": deployment.lock_reason})
    if form.is_valid():
        with record_change(request.user, deployment, deployment):
            if "unlock" in request.POST:
                deployment.lock_reason, deployment.locked_by, deployment.locked_at = "", "", None
            else:
                deployment.lock_reason = form.cleaned_data["why"]
                deployment.locked_by = request.user.get_username()
                deployment.locked_at = clock.now()
            deployment.save()
        messages.success(
            request, f"Locked {deployment}." if deployment.locked_by else f"Unlocked {deployment}."
        )
        return redirect(deployment)
    return _form(request, deployment, "deployments/lock.html", form)


@require_safe
@login_required
@deployment_permission(Level.EDIT)
@no_store
def history(request, deployment):
    """Show who changed what, newest first."""
    return render(
        request,
        "deployments/history.html",
        {
            "deployment": deployment,
            "tab": "deployment-history",
            "page": deployment.changes.page(to_int(request.GET.get("before"))),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@atomic_post
@deployment_permission(Level.EDIT)
@no_store
def delete(request, deployment):
    """Mark the deployment as deleted; superusers can restore it."""
    active = deployment.pushes.active().first()
    form = DeleteForm(request.POST or None, deployment=deployment)
    if form.is_valid() and not active:
        with record_change(request.user, deployment, deployment):
            deployment.deleted = clock.now()
            deployment.save()
        messages.success(request, f"Deleted {deployment}.")
        return redirect("main:index")
    return _form(request, deployment, "deployments/delete.html", form, active=active)


def _form(request, deployment, template, form, **more):
    return render(
        request,
        template,
        {"deployment": deployment, "tab": "deployment-edit", "form": form, **more},
        status=422 if form.is_bound else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@atomic_post
def new(request):
    """Create a deployment, for users with Django's permission to add one, and superusers."""
    if not request.user.has_perm("deployments.add_deployment"):
        raise PermissionDenied("You need the permission to add deployments.")
    form = NewDeploymentForm(request.POST or None, request.FILES or None)
    form.fields["application"].queryset = request.access.applications()
    if form.is_valid():
        try:
            with transaction.atomic():
                made, missing = _made(form, request.user)
        except ImportRefused as error:
            form.add_error(
                "definition" if form.cleaned_data["definition"].strip() else "files", error.faults
            )
        else:
            messages.success(request, f"Created {made}. Next, check its stages and settings.")
            if missing:
                names = ", ".join(f"“{name}”" for name in missing)
                messages.warning(
                    request,
                    f"Neither the cookbook nor the files have these recipes: {names}. "
                    "Create them, or choose other ones for their stages.",
                )
            return redirect("deployments:stages", made.pk)
    return render(
        request, "deployments/new.html", {"form": form}, status=422 if form.is_bound else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@atomic_post
@deployment_permission(Level.EDIT)
@no_store
def clone(request, deployment):
    """Create a copy of the deployment."""
    form = CloneForm(request.POST or None, initial={"application": deployment.application})
    form.fields["application"].queryset = request.access.applications()
    if form.is_valid():
        data = form.cleaned_data
        if data["application"].deployments.not_deleted().filter(name=data["name"]).exists():
            form.add_error("name", "The application has a deployment of this name.")
        else:
            made = make_clone(deployment, request.user, **data)
            messages.success(request, f"Created {made} as a copy of {deployment}.")
            if place := place_of(made):
                messages.warning(
                    request, f"Both are pushed to {place}: change that before you push {made}."
                )
            return redirect("deployments:settings", made.pk)
    return render(
        request,
        "deployments/clone.html",
        {"deployment": deployment, "tab": "deployment-edit", "form": form},
        status=422 if form.is_bound else 200,
    )


@require_safe
@login_required
@superuser_required
def deleted(request):
    """List deleted deployments."""
    gone = Deployment.objects.exclude(deleted=None).select_related("application__category")
    return render(request, "deployments/deleted.html", {"deployments": gone.order_by("-deleted")})


@require_POST
@login_required
@superuser_required
@atomic_post
def restore(request, deleted_id):
    """Restore a deleted deployment."""
    found = get_object_or_404(Deployment.objects.exclude(deleted=None), pk=deleted_id)
    if found.application.deployments.not_deleted().filter(name=found.name).exists():
        messages.error(
            request, f"Another deployment is now called {found}: rename or delete it first."
        )
        return redirect("deployments:deleted")
    with record_change(request.user, found, found):
        found.deleted = None
        found.save()
    messages.success(request, f"Restored {found}.")
    return redirect(found)


def _made(form, user):
    """Save the deployment of a valid form; return it and the names of missing recipes.

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
    """Show the deployment as files; `as=toml` and `as=tar` download them."""
    files = exporting.files(deployment)
    kind = request.GET.get("as")
    if files and kind in ("toml", "tar"):
        audit.record("deployment.exported", request=request, target=str(deployment), kind=kind)
    match kind:
        case "toml" if files:
            return _file(files[FILE], "deployments.toml", "application/toml")
        case "tar" if files:
            return _file(pack(files), f"{exporting.name_of(deployment)}.tar.gz", "application/gzip")
    return render(
        request,
        "deployments/export.html",
        {"deployment": deployment, "tab": "deployment-edit", "files": files},
    )


def _file(content, name, kind):
    return HttpResponse(
        content,
        content_type=kind,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
