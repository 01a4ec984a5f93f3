"""A user's own account, and the pages of people and groups."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, OuterRef, Q, Subquery
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts.decorators import atomic_post, login_required, superuser_required
from accounts.models import Group, User
from deployments.models import Grant
from history.models import record_change
from login.models import Session

from .forms import FirstPassword, GroupForm, PasswordChange, Person

LISTED = 100


def allowed(request, **groups):
    """Return a page of the permissions that the groups have on deployments."""
    grants = Grant.objects.filter(deployment__deleted=None, **groups)
    grants = grants.select_related("group", "deployment__application")
    ordered = grants.order_by("deployment__application__name", "deployment__name", "-level", "pk")
    return Paginator(ordered, LISTED).get_page(request.GET.get("page"))


@require_safe
@login_required
def account(request):
    """Show the user's own account and permissions."""
    groups = request.user.groups.order_by("name")
    return render(
        request,
        "people/account.html",
        {
            "groups": groups,
            "sessions": Session.objects.open().filter(user=request.user)[:LISTED],
            "allowed": allowed(request, group__in=request.user.groups.all()),
        },
    )


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@atomic_post
def password(request):
    """Change the user's own password and end the user's other sessions."""
    me = User.objects.get(pk=request.user.pk)  # itself, not what stands for it lazily
    _refuse_central(me)
    form = PasswordChange(request, me, request.POST or None)
    if not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "people/password.html", {"form": form}, status=status)
    with record_change(me, me):
        form.save()
    update_session_auth_hash(request, me)
    messages.success(request, "Your password is changed.")
    return redirect("people:account")


@require_safe
@login_required
@superuser_required
def people(request):
    """List all people and groups."""
    users = User.objects.order_by("-is_active", "username").prefetch_related("groups")
    grants = Grant.objects.filter(deployment__deleted=None, group=OuterRef("pk")).order_by()
    groups = Group.objects.order_by("name").annotate(
        members=Count("user", filter=Q(user__is_active=True)),
        allowed=Subquery(grants.values("group").annotate(n=Count("pk")).values("n")),
    )
    return render(
        request,
        "people/people.html",
        {
            "page": Paginator(users, LISTED).get_page(request.GET.get("page")),
            "groups": groups,
        },
    )


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@superuser_required
@atomic_post
@never_cache
def person_new(request):
    """Create an account with a first password."""
    form = Person(request.POST or None)
    password = FirstPassword(request.POST or None, person=form.instance)
    # Both, so that both say what is wrong; the password is held against the name.
    if not all([form.is_valid(), password.is_valid()]):
        return render(
            request,
            "people/person_new.html",
            {"form": form, "password": password},
            status=422 if form.is_bound else 200,
        )
    with record_change(request.user, form.instance):
        made_up = password.save()
        form.save()
    return _password_set(request, form.instance, made_up)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@superuser_required
@atomic_post
def person(request, user_id):
    """Show an account and its permissions, and change it."""
    found = get_object_or_404(User, pk=user_id)
    name = found.get_username()
    form = Person(request.POST or None, instance=found)
    if form.is_valid():
        with record_change(request.user, found):
            form.save()
        messages.success(request, f"Saved {found}.")
        # Who takes a superuser's rights from themselves can't see people any more.
        return redirect("people:account" if found == request.user else "people:people")
    return render(
        request,
        "people/person.html",
        {
            "form": form,
            "person": found,
            "name": name,
            "allowed": allowed(request, group__in=found.groups.all()),
        },
        status=422 if form.is_bound else 200,
    )


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@superuser_required
@atomic_post
@never_cache
def person_password(request, user_id):
    """Set the password of an account and end its sessions."""
    found = get_object_or_404(User, pk=user_id)
    _refuse_central(found)
    form = FirstPassword(request.POST if request.method == "POST" else None, person=found)
    if not form.is_valid():
        return render(
            request,
            "people/person_password.html",
            {"form": form, "person": found},
            status=422 if form.is_bound else 200,
        )
    with record_change(request.user, found):
        made_up = form.save()
    return _password_set(request, found, made_up)


def _refuse_central(person):
    """Raise PermissionDenied for accounts of a central login, which have no password here."""
    if person.central:
        raise PermissionDenied("The password of this account belongs to the central login.")


def _password_set(request, person, made_up):
    """Show a generated password once, or confirm the one that was typed."""
    if made_up:
        return render(request, "people/made_up.html", {"person": person, "password": made_up})
    messages.success(request, f"{person} can log in with the new password.")
    return redirect("people:person", person.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@superuser_required
@atomic_post
def group_new(request):
    """Create a group."""
    form = GroupForm(request.POST or None)
    if form.is_valid():
        with record_change(request.user, form.instance):
            form.save()
        messages.success(request, f"Created the group {form.instance}.")
        return redirect("people:group", form.instance.pk)
    return render(
        request, "people/group_new.html", {"form": form}, status=422 if form.is_bound else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@superuser_required
@atomic_post
def group(request, group_id):
    """Show a group and its permissions, and change its name and members."""
    found = get_object_or_404(Group, pk=group_id)
    name = found.name
    form = GroupForm(request.POST or None, instance=found)
    if form.is_valid():
        with record_change(request.user, found):
            form.save()
        messages.success(request, f"Saved the group {found}.")
        return redirect("people:people")
    return render(
        request,
        "people/group.html",
        {
            "form": form,
            "group": found,
            "name": name,
            "allowed": allowed(request, group=found),
        },
        status=422 if form.is_bound else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@superuser_required
@atomic_post
def group_delete(request, group_id):
    """Ask, then delete a group; each deployment's history records its permission."""
    found = get_object_or_404(Group, pk=group_id)
    grants = found.grants.select_related("group", "deployment__application")
    if request.method != "POST":
        return render(
            request,
            "people/group_delete.html",
            {
                "group": found,
                "members": found.user_set.count(),
                "allowed": grants.filter(deployment__deleted=None).count(),
            },
        )
    for grant in grants:
        with record_change(request.user, grant, grant.deployment):
            grant.delete()
    with record_change(request.user, found):
        found.delete()
    messages.success(request, f"Deleted the group {found}.")
    return redirect("people:people")
