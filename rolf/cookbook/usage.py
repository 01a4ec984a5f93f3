"""Where recipes are used, as far as a person may know."""

from dataclasses import dataclass

from django.db.models import Count

from deployments.models import Deployment, Stage


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
