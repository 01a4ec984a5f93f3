"""The board on the front page: deployments, each with its last push and its live push."""

from dataclasses import dataclass

from django.core.paginator import Paginator
from django.db.models import Count, OuterRef, Subquery

from deployments.models import Category, Deployment
from pushes.models import Push
from pushes.rollback import foreign

PAGE = 30
RECENT = 5  # deployments that the user pushed last
OWN_PUSHES = 50  # newest pushes of the user in which to find them
DEPRECATED = 200  # deprecated deployments in the list


@dataclass(frozen=True)
class Row:
    """A deployment with its newest push `last` and its `live` push; either may be None."""

    deployment: Deployment
    last: Push | None
    live: Push | None

    @property
    def heading(self):
        """The category, which is the heading of its group."""
        return self.deployment.application.category

    @property
    def mine(self):
        """None: the user's own deployments have no headings."""
        return None


@dataclass(frozen=True)
class Board:
    """The content of the front page."""

    rows: list[Row]
    page: object
    recent: list[Row]
    categories: list[Category]
    category: Category | None
    deprecated: list[Deployment]


def board(access, *, page=1, category=None):
    """Return the Board of a user. `page` and `category` (its primary key) come from the URL.

    A page number that is too high gives the last page.
    """
    seen = (
        access.deployments()
        .select_related("application__category")
        .order_by("application__category__name", "application__name", "name")
    )
    categories = _categories(seen)
    chosen = next((one for one in categories if str(one.pk) == str(category)), None)
    if chosen:
        seen = seen.filter(application__category=chosen)
    shown = Paginator(seen.filter(deprecated=False), PAGE).get_page(page)
    mine = _mine(access, seen) if not chosen and shown.number == 1 else []
    found = {row.deployment.pk: row for row in rows([*shown.object_list, *mine])}
    return Board(
        rows=[found[one.pk] for one in shown.object_list],
        page=shown,
        recent=[found[one.pk] for one in mine],
        categories=categories,
        category=chosen,
        deprecated=list(seen.filter(deprecated=True)[:DEPRECATED]),
    )


def rows(deployments):
    """Return a Row for each deployment. The number of queries does not depend on how many."""
    pushes = Push.objects.filter(deployment=OuterRef("pk")).order_by("-pk").values("pk")
    keys = {
        pk: (last, live)
        for pk, last, live in Deployment.objects.filter(pk__in=[one.pk for one in deployments])
        .order_by()
        .values_list("pk", Subquery(pushes[:1]), Subquery(pushes.gone_live()[:1]))
    }
    wanted = {key for pair in keys.values() for key in pair if key}
    # A host may serve a release that the command line pushed.
    served = {
        (push.deployment_id, push.number): push
        for push in Push.objects.listed().filter(
            deployment__in=[one.pk for one in deployments if one.served],
            number__in=[one.served["number"] for one in deployments if one.served],
        )
    }
    found = Push.objects.listed().with_ends().in_bulk(wanted)
    result = []
    for one in deployments:
        last, live = (found.get(key) for key in keys[one.pk])
        live = (live.rollback_to or live) if live else None
        if one.served:
            live = served.get((one.pk, one.served["number"])) or foreign(one)
        result.append(Row(one, last, live))
    return result


def _mine(access, seen):
    """Return the deployments that the user pushed last and can still see."""
    keys = (
        Push.objects.filter(user=access.user)
        .order_by("-pk")
        .values_list("deployment", flat=True)[:OWN_PUSHES]
    )
    newest = list(dict.fromkeys(keys))
    found = {one.pk: one for one in seen.filter(pk__in=newest, deprecated=False)}
    return [found[key] for key in newest if key in found][:RECENT]


def _categories(seen):
    """Return the categories with deployments that the user can see, each with its `count`."""
    counts = dict(
        seen.filter(deprecated=False)
        .order_by()
        .values_list("application__category")
        .annotate(Count("pk", distinct=True))
    )
    found = list(Category.objects.filter(pk__in=counts))
    for one in found:
        one.count = counts[one.pk]
    return found
