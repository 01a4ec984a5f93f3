"""Where stages find their recipes: the shop's own before those that come with the engine."""

from functools import cache
from pathlib import Path

from bootstrapper.deploy.project import recipe as engine
from bootstrapper.deploy.project.cookbook import Cookbook
from bootstrapper.deploy.project.fault import Faulty

from .models import Recipe

SUFFIXES = {"shell": ".sh", "python": ".py"}


class Shelf:
    """Every recipe that a stage may name; the shop's are read from the database, at once."""

    def __init__(self):
        """Read what the shop has."""
        self._shop = {recipe.name: recipe for recipe in Recipe.objects.living()}

    @property
    def names(self):
        """Of all recipes, in order."""
        return sorted({*shipped(), *self._shop})

    def get(self, name):
        """Return the engine's Recipe of that name, or None. Raises Faulty if it is broken."""
        own = self._shop.get(name)
        return parsed(own) if own else shipped().get(name)

    def own(self, name):
        """Return the shop's row of that name, or None."""
        return self._shop.get(name)

    def shadows(self, name):
        """Whether the shop's recipe hides one that comes with the engine."""
        return name in self._shop and name in shipped()

    def all(self):
        """Return every recipe that can be used, by name."""
        sound = []
        for name in self.names:
            try:
                sound.append(self.get(name))
            except Faulty:
                continue
        return sound


@cache
def shipped():
    """Return the recipes that come with the engine, by name."""
    # A directory that has no deploy/recipes/: nobody's but the engine's.
    return {recipe.name: recipe for recipe in Cookbook(Path("/nonexistent")).all()}


def parsed(own):
    """Return what the engine makes of code in the database: a Recipe, or a Stage of its own.

    Raises Faulty.
    """
    code = own.code.replace("\r\n", "\n")  # as forms send it
    return engine.parse(own.name, SUFFIXES[own.language], code.encode(), file=own.name)
