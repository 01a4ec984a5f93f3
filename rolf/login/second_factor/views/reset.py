"""A superuser removes the second factor of a person who lost it."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from accounts.decorators import atomic_post, login_required, superuser_required
from accounts.models import User
from login.second_factor import factors

from .enrol import recently_proven


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@superuser_required
@recently_proven
@atomic_post
def reset(request, user_id):
    """Ask, then remove all factors of the account and end its sessions."""
    person = get_object_or_404(User, pk=user_id)
    if request.method != "POST":
        context = {"person": person, "summary": factors.summary(person)}
        return render(request, "second_factor/reset.html", context)
    factors.reset(person, request.user, request=request)
    messages.success(
        request, f"{person} logs in with the password alone now, and can add a factor."
    )
    return redirect("accounts:login" if person == request.user else "people:people")
