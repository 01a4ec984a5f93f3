"""Who may do what: the one place that every page, API call, stream and search goes through.

A view says which level it needs, and gets the deployment itself:

    @needs(Level.PUSH)
    def push(request, deployment): ...          # of the address /deployments/<deployment_id>/...

What it takes by id from an address or a form it resolves inside that deployment.
"""

from contextlib import nullcontext
from dataclasses import dataclass
from functools import wraps
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Max, Q
from django.http import Http404
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRefresh

from .models import Application, Deployment, Level, Stage
from .redaction import concealed

SAFE = ("GET", "HEAD", "OPTIONS")


class Access:
    """What a person may see and do; with a token, no more than that allows.

    `token` has `level` (the highest), and `deployments` (pks, or None for all).
    """

    def __init__(self, user, token=None):
        """Nothing is asked of the database yet."""
        self.user = user
        self.token = token

    def deployments(self, level=Level.VIEW):
        """Return those on which they have that level, with the level as `level` on each."""
        return self._granted(Deployment.objects.living(), level)

    def _granted(self, deployments, level):
        """Return those of the deployments on which they have that level."""
        if not (self.user.is_authenticated and self.user.is_active):
            return deployments.none()
        if self.token and level > self.token.level:
            return deployments.none()
        if self.token and self.token.deployments is not None:
            deployments = deployments.filter(pk__in=self.token.deployments)
        if self.user.is_superuser:
            return deployments
        mine = Q(grants__group__in=self.user.groups.all())
        allowed = deployments.annotate(granted=Max("grants__level", filter=mine))
        return allowed.filter(granted__gte=level)

    def applications(self):
        """Return those that they know of, since they see a deployment of theirs; superusers all."""
        if self.user.is_superuser:
            return Application.objects.all()
        return Application.objects.filter(
            pk__in=self.deployments().order_by().values("application"))

    def level(self, deployment):
        """Return the level that they have on a deployment; 0 is none."""
        if self.user.is_superuser:
            level = Level.EDIT
        elif "granted" in vars(deployment):
            level = deployment.granted
        else:
            level = deployment.grants.filter(
                group__in=self.user.groups.all()).aggregate(level=Max("level"))["level"] or 0
        return min(level, self.token.level) if self.token else level

    def deployment(self, pk, level):
        """Return the deployment of that key, `granted` on it.

        Raises Http404 where they may not know that it is there, PermissionDenied where they may
        not do what needs `level`.
        """
        try:
            found = self.deployments().select_related("application__category").annotate(
                **concealed()).get(pk=pk)
        except Deployment.DoesNotExist:
            raise Http404("There is no such deployment.") from None
        found.granted = self.level(found)
        if found.granted < level:
            raise PermissionDenied(f"This needs the permission to {Level(level).label}.")
        return found

    def may_write_recipes(self):
        """Whether they may edit any deployment at all."""
        return self.user.is_superuser or self.deployments(Level.EDIT).exists()

    def may_edit_recipe(self, name):
        """Whether they may edit every deployment that uses the recipe, and at least one at all.

        Deleted deployments count, by the permissions they were deleted with: a superuser can
        restore one, and its pushes then run the recipe as it is.
        """
        if self.user.is_superuser:
            return True
        editable = self._granted(Deployment.objects.all(), Level.EDIT)
        using = Deployment.objects.filter(stages__recipe=name)
        return (self.may_write_recipes()
                and not using.exclude(pk__in=editable.values("pk")).exists())


def needs(level, *methods, atomic=True):
    """Make a view of one deployment: POST changes something, GET (the default) never does.

    A POST is one transaction, unless the view sees to that itself (`atomic`).
    """
    return _guarded(level, methods or ("GET",), of_deployment=True, atomic=atomic)


def signed_in(*methods):
    """Make a view for everyone who has signed in; what it shows it takes from `request.access`."""
    return _guarded(None, methods or ("GET",), of_deployment=False)


def superusers(*methods):
    """Make a view for superusers alone."""
    return _guarded("superuser", methods or ("GET",), of_deployment=False)


def _guarded(level, methods, *, of_deployment, atomic=True):
    """Return the decorator of all three; `access` on the view is what tests read."""

    def resolve(request, arguments):
        request.access = Access(request.user)
        if level == "superuser" and not request.user.is_superuser:
            raise PermissionDenied("This is for superusers.")
        if of_deployment:
            request.deployment = request.access.deployment(arguments.pop("deployment_id"), level)
            arguments["deployment"] = request.deployment
        return arguments

    def decorate(view):
        @wraps(view)
        def guarded(request, **arguments):
            if not request.user.is_authenticated:
                return _to_sign_in(request)
            with transaction.atomic() if atomic and request.method not in SAFE else nullcontext():
                answer = view(request, **resolve(request, arguments))
            # What only some may see is no proxy's to keep; what few may, no browser's, either.
            patch_cache_control(answer, private=True, **(
                {"no_store": True} if level == Level.EDIT else {}))
            return answer

        guarded = require_http_methods(
            [*methods, *(["HEAD"] if "GET" in methods else [])])(guarded)
        guarded.access = level
        guarded.methods = methods
        return guarded

    return decorate


def _to_sign_in(request):
    """Lead to the sign-in page; a part of a page that is asked for isn't replaced by that.

    What a form would have changed is asked for again on its page: its own address shows nothing.
    """
    if request.htmx:
        return HttpResponseClientRefresh()
    if request.method in SAFE:
        return redirect_to_login(request.get_full_path())
    messages.warning(request, "You were signed out, so nothing was done. Sign in, and do it again.")
    came = request.headers.get("Referer", "")
    here = url_has_allowed_host_and_scheme(came, {request.get_host()}, request.is_secure())
    return redirect_to_login(urlsplit(came).path if here else reverse("index"))


@dataclass(frozen=True)
class Usage:
    """Living deployments that a person sees, and how many others and deleted ones there are."""

    deployments: list[Deployment]
    others: int
    deleted: int


def users_of(name, access):
    """Return where a recipe is used."""
    using = Deployment.objects.filter(stages__recipe=name).distinct()
    living = using.living().count()
    seen = list(access.deployments().filter(pk__in=using.values("pk")).select_related(
        "application"))
    return Usage(seen, living - len(seen), using.count() - living)


def counts(access):
    """Return by name in how many deployments that a person sees a recipe is used."""
    seen = Stage.objects.exclude(recipe="").filter(
        deployment__in=access.deployments().values("pk"))
    return dict(seen.order_by().values_list("recipe").annotate(
        Count("deployment", distinct=True)))
