"""What a deployment is: its general form, its closing, its history, and how it is deleted."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone

from history.models import recording
from history.paging import page

from ..access import needs
from ..forms.general import CloseForm, DeleteForm, GeneralForm
from ..models import Level


@needs(Level.EDIT, "GET", "POST")
def edit(request, deployment):
    """Change it."""
    name = str(deployment)
    form = GeneralForm(request.POST or None, instance=deployment)
    form.fields["application"].queryset = request.access.applications()
    if form.is_valid():
        with recording(request.user, deployment, deployment):
            form.save()
        messages.success(request, f"Saved: {deployment}.")
        return redirect("deployment-edit", deployment.pk)
    return _form(request, deployment, "deployments/general.html", form, called=name)


@needs(Level.EDIT, "GET", "POST")
def close(request, deployment):
    """Let nobody push it for a while, and say why; or open it again."""
    form = CloseForm(request.POST or None, initial={"why": deployment.closed})
    if form.is_valid():
        with recording(request.user, deployment, deployment):
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


@needs(Level.EDIT)
def history(request, deployment):
    """Show who changed what of it, newest first."""
    return render(request, "deployments/history.html", {
        "deployment": deployment, "tab": "deployment-history",
        "page": page(deployment.changes.all(), request.GET.get("before"))})


@needs(Level.EDIT, "GET", "POST")
def delete(request, deployment):
    """Hide it, with all that it has; superusers can bring it back."""
    active = deployment.pushes.active().first()
    form = DeleteForm(request.POST or None, deployment=deployment)
    if form.is_valid() and not active:
        with recording(request.user, deployment, deployment):
            deployment.deleted = timezone.now()
            deployment.save()
        messages.success(request, f"{deployment} is deleted.")
        return redirect("index")
    return _form(request, deployment, "deployments/delete.html", form, active=active)


def _form(request, deployment, template, form, **more):
    return render(request, template, {
        "deployment": deployment, "tab": "deployment-edit", "form": form, **more},
        status=422 if form.is_bound else 200)
