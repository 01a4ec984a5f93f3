"""What is found by its name: deployments, and recipes of the cookbook."""

from dataclasses import dataclass

from cookbook.catalog import RecipeCatalog
from deployments.models import Deployment

MOST = 20  # of each kind


@dataclass(frozen=True)
class Found:
    """What a search found."""

    deployments: list[Deployment]
    recipes: list[str]

    def __len__(self):
        """How many there are."""
        return len(self.deployments) + len(self.recipes)


def find(access, words):
    """Return what has every word in one of its names; nothing for no words.

    Names are compared here: not every database knows the cases of every script.
    """
    parts = words.casefold().split()
    if not parts:
        return Found([], [])
    seen = access.deployments().order_by("deprecated", "application__name", "name").values_list(
        "pk", "name", "application__name", "application__category__name")
    keys = [pk for pk, *names in seen if _has("\n".join(names), parts)][:MOST]
    found = Deployment.objects.select_related("application__category").in_bulk(keys)
    return Found([found[key] for key in keys],
                 [name for name in RecipeCatalog().names if _has(name, parts)][:MOST])


def _has(names, parts):
    folded = names.casefold()
    return all(part in folded for part in parts)
