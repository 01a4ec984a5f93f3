"""One's own account."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.core.paginator import Paginator
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters

from accounts.forms.passwords import PasswordChange
from accounts.models import User
from deployments.access import signed_in
from deployments.models import Grant
from history.models import recording

LISTED = 100


def allowed(request, **groups):
    """Return a page of what those groups may do on which deployments."""
    grants = Grant.objects.filter(deployment__deleted=None, **groups)
    grants = grants.select_related("group", "deployment__application")
    ordered = grants.order_by("deployment__application__name", "deployment__name", "-level", "pk")
    return Paginator(ordered, LISTED).get_page(request.GET.get("page"))


@signed_in()
def account(request):
    """Show who I am, and what I may do."""
    groups = request.user.groups.order_by("name")
    return render(request, "accounts/account.html", {
        "groups": groups, "allowed": allowed(request, group__in=request.user.groups.all()),
    })


@sensitive_post_parameters()
@signed_in("GET", "POST")
def password(request):
    """Take another password; my other sessions end."""
    me = User.objects.get(pk=request.user.pk)  # itself, not what stands for it lazily
    form = PasswordChange(request, me, request.POST or None)
    if not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "accounts/password.html", {"form": form}, status=status)
    with recording(me, me):
        form.save()
    update_session_auth_hash(request, me)
    messages.success(request, "You have another password.")
    return redirect("account")
