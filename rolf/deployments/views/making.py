"""How deployments come to be: new ones, clones, and those that were deleted."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect, render

from history.models import recording

from ..access import needs, signed_in, superusers
from ..cloning import clone as make_clone
from ..cloning import place_of
from ..forms.general import CloneForm
from ..forms.new import NewForm
from ..importing import ImportFault, fill
from ..models import Deployment, Grant, Level


@signed_in("GET", "POST")
def new(request):
    """Make a deployment: superusers, and who has Django's permission to add one."""
    if not request.user.has_perm("deployments.add_deployment"):
        raise PermissionDenied("This needs the permission to add deployments.")
    form = NewForm(request.POST or None, request.FILES or None)
    form.fields["application"].queryset = request.access.applications()
    if form.is_valid():
        try:
            with transaction.atomic():
                made, missing = _made(form, request.user)
        except ImportFault as error:
            form.add_error("definition" if form.cleaned_data["definition"].strip() else "files",
                           error.faults)
        else:
            messages.success(request, f"{made} is there. Next: its stages and settings.")
            if missing:
                names = ", ".join(f"“{name}”" for name in missing)
                messages.warning(request, f"Nothing of that name is in the cookbook or came along: "
                                          f"{names}. Write it, or choose another for its stage.")
            return redirect("stages", made.pk)
    return render(request, "deployments/new.html", {"form": form},
                  status=422 if form.is_bound else 200)


@needs(Level.EDIT, "GET", "POST")
def clone(request, deployment):
    """Make another one like it."""
    form = CloneForm(request.POST or None, initial={"application": deployment.application})
    form.fields["application"].queryset = request.access.applications()
    if form.is_valid():
        told = form.cleaned_data
        if told["application"].deployments.living().filter(name=told["name"]).exists():
            form.add_error("name", "The application has a deployment of that name.")
        else:
            made = make_clone(deployment, request.user, **told)
            messages.success(request, f"{made} is there, with all that {deployment} has.")
            if place := place_of(made):
                messages.warning(request, f"Both are pushed to {place}: before you push {made}, "
                                          "give it a place of its own.")
            return redirect("settings", made.pk)
    return render(request, "deployments/clone.html", {
        "deployment": deployment, "tab": "deployment-edit", "form": form},
        status=422 if form.is_bound else 200)


@superusers()
def deleted(request):
    """Show deployments that were deleted."""
    gone = Deployment.objects.exclude(deleted=None).select_related("application__category")
    return render(request, "deployments/deleted.html", {"deployments": gone.order_by("-deleted")})


@superusers("POST")
def restore(request, deleted_id):
    """Bring back a deployment that was deleted."""
    found = get_object_or_404(Deployment.objects.exclude(deleted=None), pk=deleted_id)
    if found.application.deployments.living().filter(name=found.name).exists():
        messages.error(request, f"There is another {found} now: rename or delete that first.")
        return redirect("deployments-deleted")
    with recording(request.user, found, found):
        found.deleted = None
        found.save()
    messages.success(request, f"{found} is back.")
    return redirect(found)


def _made(form, user):
    """Return the deployment that a valid form tells of, and names of recipes that are missing.

    Raises ImportFault.
    """
    deployment = form.made(lambda row: recording(user, row, row))
    if group := form.cleaned_data["group"]:
        grant = Grant(deployment=deployment, group=group, level=Level.EDIT)
        with recording(user, grant, deployment):
            grant.save()
    files = form.cleaned_data["files"]
    return deployment, fill(deployment, files, user) if files else []
