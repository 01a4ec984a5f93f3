"""Groups, for superusers: deployments say what their members may do."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render

from accounts.forms.group import GroupForm
from accounts.models import Group
from deployments.access import superusers
from history.models import recording

from .account import allowed


@superusers("GET", "POST")
def group_new(request):
    """Make a group."""
    form = GroupForm(request.POST or None)
    if form.is_valid():
        with recording(request.user, form.instance):
            form.save()
        messages.success(request, f"There is a group {form.instance} now.")
        return redirect("group", form.instance.pk)
    return render(request, "accounts/group_new.html", {"form": form},
                  status=422 if form.is_bound else 200)


@superusers("GET", "POST")
def group(request, group_id):
    """Show a group, and what it may do; take another name and other members."""
    found = get_object_or_404(Group, pk=group_id)
    name = found.name
    form = GroupForm(request.POST or None, instance=found)
    if form.is_valid():
        with recording(request.user, found):
            form.save()
        messages.success(request, f"Saved: the group {found}.")
        return redirect("people")
    return render(request, "accounts/group.html", {
        "form": form, "group": found, "name": name, "allowed": allowed(request, group=found),
    }, status=422 if form.is_bound else 200)


@superusers("GET", "POST")
def group_delete(request, group_id):
    """Ask, then delete it, and with it what it might do: each deployment's history tells."""
    found = get_object_or_404(Group, pk=group_id)
    grants = found.grants.select_related("group", "deployment__application")
    if request.method != "POST":
        return render(request, "accounts/group_delete.html", {
            "group": found, "members": found.user_set.count(),
            "allowed": grants.filter(deployment__deleted=None).count(),
        })
    for grant in grants:
        with recording(request.user, grant, grant.deployment):
            grant.delete()
    with recording(request.user, found):
        found.delete()
    messages.success(request, f"The group {found} is gone.")
    return redirect("people")
