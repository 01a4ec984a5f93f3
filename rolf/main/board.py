"""The board: deployments with what was pushed last and what is live, in as few queries for all."""

from dataclasses import dataclass

from django.core.paginator import Paginator
from django.db.models import Count, OuterRef, Subquery

from deployments.models import Category, Deployment
from pushes.models import Push
from pushes.rollback import foreign

PAGE = 30
RECENT = 5  # deployments that a person pushed last
LOOKED_AT = 50  # pushes of theirs among which those are found
FOLDED = 200  # names of deprecated deployments


@dataclass(frozen=True)
class Row:
    """A deployment; `last` is its newest push, `live` the one whose code is live (or None)."""

    deployment: Deployment
    last: Push | None
    live: Push | None

    @property
    def heading(self):
        """Under which it stands."""
        return self.deployment.application.category

    @property
    def mine(self):
        """The heading of those that stand under none: they are one's own."""
        return None


@dataclass(frozen=True)
class Board:
    """What the front page shows."""

    rows: list[Row]
    page: object
    recent: list[Row]
    categories: list[Category]
    category: Category | None
    deprecated: list[Deployment]


def board(access, *, page=1, category=None):
    """Return the front page of a person: `page` and the key of a category as an address has them.

    Raises Http404 never: a page that isn't there is the last one.
    """
    seen = access.deployments().select_related("application__category").order_by(
        "application__category__name", "application__name", "name")
    categories = _categories(seen)
    chosen = next((one for one in categories if str(one.pk) == str(category)), None)
    if chosen:
        seen = seen.filter(application__category=chosen)
    shown = Paginator(seen.filter(deprecated=False), PAGE).get_page(page)
    mine = _mine(access, seen) if not chosen and shown.number == 1 else []
    found = {row.deployment.pk: row for row in rows([*shown.object_list, *mine])}
    return Board(
        rows=[found[one.pk] for one in shown.object_list], page=shown,
        recent=[found[one.pk] for one in mine], categories=categories, category=chosen,
        deprecated=list(seen.filter(deprecated=True)[:FOLDED]))


def rows(deployments):
    """Return the Row of each deployment."""
    pushes = Push.objects.filter(deployment=OuterRef("pk")).order_by("-pk").values("pk")
    keys = {pk: (last, live) for pk, last, live in Deployment.objects.filter(
        pk__in=[one.pk for one in deployments]).order_by().values_list(
            "pk", Subquery(pushes[:1]), Subquery(pushes.gone_live()[:1]))}
    wanted = {key for pair in keys.values() for key in pair if key}
    # Where the target serves something else than was pushed from here.
    served = {(push.deployment_id, push.number): push for push in Push.objects.listed().filter(
        deployment__in=[one.pk for one in deployments if one.served],
        number__in=[one.served["number"] for one in deployments if one.served])}
    found = Push.objects.listed().with_ends().in_bulk(wanted)
    told = []
    for one in deployments:
        last, live = (found.get(key) for key in keys[one.pk])
        live = (live.rollback_to or live) if live else None
        if one.served:
            live = served.get((one.pk, one.served["number"])) or foreign(one)
        told.append(Row(one, last, live))
    return told


def _mine(access, seen):
    """Return those that the person pushed last, and still sees."""
    keys = Push.objects.filter(user=access.user).order_by("-pk").values_list(
        "deployment", flat=True)[:LOOKED_AT]
    newest = list(dict.fromkeys(keys))
    found = {one.pk: one for one in seen.filter(pk__in=newest, deprecated=False)}
    return [found[key] for key in newest if key in found][:RECENT]


def _categories(seen):
    """Return the categories in which there is something to see, each with its `count`."""
    counts = dict(seen.filter(deprecated=False).order_by().values_list(
        "application__category").annotate(Count("pk", distinct=True)))
    found = list(Category.objects.filter(pk__in=counts))
    for one in found:
        one.count = counts[one.pk]
    return found
