"""What is found by its name: deployments, and recipes of the cookbook."""

from dataclasses import dataclass

from django.db.models import Q

from cookbook.shelf import Shelf
from deployments.models import Deployment

MOST = 20  # of each kind


@dataclass(frozen=True)
class Found:
    """What a search found."""

    deployments: list[Deployment]
    recipes: list[str]

    def __bool__(self):
        """Whether it found anything."""
        return bool(self.deployments or self.recipes)


def find(access, words):
    """Return what has every word in one of its names; nothing for no words."""
    parts = words.split()
    if not parts:
        return Found([], [])
    seen = access.deployments().select_related("application__category")
    for part in parts:
        seen = seen.filter(
            Q(name__icontains=part) | Q(application__name__icontains=part)
            | Q(application__category__name__icontains=part))
    recipes = [name for name in Shelf().names
               if all(part.casefold() in name.casefold() for part in parts)]
    return Found(list(seen.order_by("deprecated", "application__name", "name")[:MOST]),
                 recipes[:MOST])
