"""Permissions: what a user, or an API token, may see and do.

Pages, API calls, event streams and the search all ask an ``Access``. A middleware sets
``request.access``; views of one deployment say which level they need and get the deployment:

    @login_required
    @deployment_permission(Level.PUSH)
    def push(request, deployment): ...          # of the URL /deployments/<deployment_id>/...

Views look up all other keys of their URL or form within that deployment.
"""

from dataclasses import dataclass
from functools import wraps

from asgiref.sync import iscoroutinefunction
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Max, Q
from django.http import Http404
from django.utils.decorators import sync_and_async_middleware

from .models import Application, Deployment, Level, Stage
from .redaction import hidden_settings


@dataclass(frozen=True)
class RecipeUsers:
    """The deployments that use a recipe: those the user may see, and the number of others."""

    deployments: list[Deployment]
    others: int
    deleted: int


class Access:
    """The permissions of a user; with an API token, no more than the token allows.

    ``token`` has ``level`` (the highest level), and ``deployments`` (pks, or None for all).
    """

    def __init__(self, user, token=None):
        """Make no query: ``request.user`` stays lazy."""
        self.user = user
        self.token = token

    def deployments(self, level=Level.VIEW):
        """Return the deployments on which the user has at least that level."""
        return self._granted(Deployment.objects.not_deleted(), level)

    def _granted(self, deployments, level):
        """Return those of the deployments on which the user has at least that level."""
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
        """Return the applications of visible deployments; for superusers, all applications."""
        if self.user.is_superuser:
            return Application.objects.all()
        return Application.objects.filter(
            pk__in=self.deployments().order_by().values("application")
        )

    def level(self, deployment):
        """Return the user's level on a deployment; 0 is none."""
        if self.user.is_superuser:
            level = Level.EDIT
        elif "granted" in vars(deployment):
            level = deployment.granted
        else:
            level = (
                deployment.grants.filter(group__in=self.user.groups.all()).aggregate(
                    level=Max("level")
                )["level"]
                or 0
            )
        return min(level, self.token.level) if self.token else level

    def deployment(self, pk, level):
        """Return the deployment of that key; its attribute ``granted`` is the user's level.

        Raises Http404 if the user may not see it, PermissionDenied if ``granted`` is too low.
        """
        try:
            found = (
                self.deployments()
                .select_related("application__category")
                .annotate(**hidden_settings())
                .get(pk=pk)
            )
        except Deployment.DoesNotExist:
            raise Http404("There is no such deployment.") from None
        found.granted = self.level(found)
        if found.granted < level:
            raise PermissionDenied(
                f"You need the {Level(level).label} permission on this deployment."
            )
        return found

    def may_write_recipes(self):
        """Return whether the user may edit at least one deployment."""
        return self.user.is_superuser or self.deployments(Level.EDIT).exists()

    def may_edit_recipe(self, name):
        """Return whether the user may edit all deployments that use the recipe, and at least one.

        Deleted deployments count with the permissions that they had: a superuser can restore
        them, and then their pushes run the recipe.
        """
        if self.user.is_superuser:
            return True
        editable = self._granted(Deployment.objects.all(), Level.EDIT)
        using = Deployment.objects.filter(stages__recipe=name)
        return self.may_write_recipes() and not using.exclude(pk__in=editable.values("pk")).exists()

    def recipe_users(self, name):
        """Return the RecipeUsers of the recipe of that name."""
        using = Deployment.objects.filter(stages__recipe=name).distinct()
        living = using.not_deleted().count()
        visible = list(
            self.deployments().filter(pk__in=using.values("pk")).select_related("application")
        )
        return RecipeUsers(visible, living - len(visible), using.count() - living)

    def recipe_counts(self):
        """Return the number of deployments that use each recipe, by its name.

        Only deployments that the user may see count.
        """
        stages = Stage.objects.exclude(recipe="").filter(
            deployment__in=self.deployments().values("pk")
        )
        return dict(
            stages.order_by().values_list("recipe").annotate(Count("deployment", distinct=True))
        )


@sync_and_async_middleware
def access_middleware(get_response):
    """Set ``request.access``, which makes no query until a view uses it."""
    if iscoroutinefunction(get_response):

        async def middleware(request):
            request.access = Access(request.user)
            return await get_response(request)
    else:

        def middleware(request):
            request.access = Access(request.user)
            return get_response(request)

    return middleware


def deployment_permission(level):
    """Give the view the deployment of its URL, on which the user needs the level.

    The view takes ``deployment`` where the URL has ``deployment_id``; it is ``request.deployment``,
    too. Raises Http404 if the user may not see the deployment, PermissionDenied if the user's level
    is too low. Goes below ``login_required``, and below ``atomic_post``, so that the transaction
    holds what it read. Tests read ``permission``.
    """

    def decorator(view):
        @wraps(view)
        def wrapper(request, *args, deployment_id, **kwargs):
            request.deployment = request.access.deployment(deployment_id, level)
            return view(request, *args, deployment=request.deployment, **kwargs)

        wrapper.permission = level
        return wrapper

    return decorator
