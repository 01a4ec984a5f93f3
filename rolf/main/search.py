"""Search deployments and recipes by name."""

from dataclasses import dataclass

from cookbook.catalog import RecipeCatalog
from deployments.models import Deployment

MOST = 20  # results of each kind


@dataclass(frozen=True)
class Found:
    """The results of a search."""

    deployments: list[Deployment]
    recipes: list[str]

    def __len__(self):
        """Return the number of results."""
        return len(self.deployments) + len(self.recipes)


def find(access, words):
    """Return the deployments and recipes whose names have all of the words.

    This compares the names in Python, because databases differ in the alphabets for which they
    can ignore case.
    """
    parts = words.casefold().split()
    if not parts:
        return Found([], [])
    seen = (
        access.deployments()
        .order_by("deprecated", "application__name", "name")
        .values_list("pk", "name", "application__name", "application__category__name")
    )
    keys = [pk for pk, *names in seen if _has("\n".join(names), parts)][:MOST]
    found = Deployment.objects.select_related("application__category").in_bulk(keys)
    return Found(
        [found[key] for key in keys],
        [name for name in RecipeCatalog().names if _has(name, parts)][:MOST],
    )


def _has(names, parts):
    folded = names.casefold()
    return all(part in folded for part in parts)
