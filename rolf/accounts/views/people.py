"""People, for superusers."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, OuterRef, Q, Subquery
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts.forms.person import FirstPassword, Person
from accounts.models import Group, User
from deployments.access import superusers
from deployments.models import Grant
from history.models import recording

from .account import LISTED, allowed


@superusers()
def people(request):
    """List people, and groups."""
    users = User.objects.order_by("-is_active", "username").prefetch_related("groups")
    grants = Grant.objects.filter(deployment__deleted=None, group=OuterRef("pk")).order_by()
    groups = Group.objects.order_by("name").annotate(
        members=Count("user", filter=Q(user__is_active=True)),
        allowed=Subquery(grants.values("group").annotate(n=Count("pk")).values("n")))
    return render(request, "accounts/people.html", {
        "page": Paginator(users, LISTED).get_page(request.GET.get("page")), "groups": groups,
    })


@sensitive_post_parameters()
@superusers("GET", "POST")
@never_cache
def person_new(request):
    """Make an account, with a first password."""
    form = Person(request.POST or None)
    password = FirstPassword(request.POST or None, person=form.instance)
    # Both, so that both say what is wrong; the password is held against the name.
    if not all([form.is_valid(), password.is_valid()]):
        return render(request, "accounts/person_new.html", {"form": form, "password": password},
                      status=422 if form.is_bound else 200)
    with recording(request.user, form.instance):
        made_up = password.save()
        form.save()
    return _told(request, form.instance, made_up)


@superusers("GET", "POST")
def person(request, user_id):
    """Show somebody, and what they may do; take changes."""
    found = get_object_or_404(User, pk=user_id)
    name = found.get_username()
    form = Person(request.POST or None, instance=found)
    if form.is_valid():
        with recording(request.user, found):
            form.save()
        messages.success(request, f"Saved: {found}.")
        # Who takes a superuser's rights from themselves can't see people any more.
        return redirect("account" if found == request.user else "people")
    return render(request, "accounts/person.html", {
        "form": form, "person": found, "name": name,
        "allowed": allowed(request, group__in=found.groups.all()),
    }, status=422 if form.is_bound else 200)


@sensitive_post_parameters()
@superusers("GET", "POST")
@never_cache
def person_password(request, user_id):
    """Give somebody another password; their sessions end."""
    found = get_object_or_404(User, pk=user_id)
    form = FirstPassword(request.POST if request.method == "POST" else None, person=found)
    if not form.is_valid():
        return render(request, "accounts/person_password.html", {"form": form, "person": found},
                      status=422 if form.is_bound else 200)
    with recording(request.user, found):
        made_up = form.save()
    return _told(request, found, made_up)


def _told(request, person, made_up):
    """Show the password that was made up, which nobody can do again."""
    if made_up:
        return render(request, "accounts/made_up.html", {"person": person, "password": made_up})
    messages.success(request, f"{person} may sign in with that password.")
    return redirect("person", person.pk)
