"""Where stages find their recipes: the shop's own before those that come with the engine."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bootstrapper.deploy.definition.problems import DefinitionError, Problem, definition_error
from bootstrapper.deploy.recipes import catalog as engine_catalog
from bootstrapper.deploy.recipes import python_syntax
from bootstrapper.deploy.recipes import recipe as engine

from .models import Language, Recipe

SUFFIXES = {"shell": ".sh", "python": ".py"}
LANGUAGES = {suffix: language for language, suffix in SUFFIXES.items()}


@dataclass(frozen=True, kw_only=True)
class CatalogEntry:
    """A recipe as a page lists it: `origin` is "ours", "shop" or "shadows"; `fault` if broken."""

    name: str
    language: str
    summary: str = ""
    description: str = ""
    needs: tuple[str, ...] = ()
    origin: str = "ours"
    fault: str = ""

    @property
    def language_name(self):
        """The language as people choose it."""
        return Language(self.language).label


class RecipeCatalog:
    """Every recipe that a stage may name; the shop's are read from the database, at once."""

    def __init__(self):
        """Read what the shop has."""
        self._shop = {recipe.name: recipe for recipe in Recipe.objects.not_deleted()}

    @property
    def names(self):
        """Of all recipes, in order."""
        return sorted({*shipped(), *self._shop})

    def get(self, name):
        """Return the engine's Recipe of that name, or None.

        Raises DefinitionError if the recipe is broken.
        """
        own = self._shop.get(name)
        return parse_code(own) if own else shipped().get(name)

    def own(self, name):
        """Return the shop's row of that name, or None."""
        return self._shop.get(name)

    def has(self, name, language, code):
        """Whether that is what stages get by that name."""
        own = self._shop.get(name)
        if own:
            return (own.language, _unix(own.code)) == (language, _unix(code))
        ours = shipped().get(name)
        return ours is not None and (language_of(ours), ours.code) == (language, _unix(code))

    def shadows(self, name):
        """Whether the shop's recipe hides one that comes with the engine."""
        return name in self._shop and name in shipped()

    def entries(self):
        """Return every recipe, as a page lists it."""
        return [self.entry(name) for name in self.names]

    def entry(self, name):
        """Return one of them."""
        own = self.own(name)
        origin = "shadows" if self.shadows(name) else "shop" if own else "ours"
        try:
            recipe = self.get(name)
        except DefinitionError as error:
            return CatalogEntry(name=name, language=own.language, origin=origin,
                         fault="; ".join(problem_texts(error)))
        return CatalogEntry(name=name, language=language_of(recipe), summary=recipe.summary,
                     description=recipe.description, needs=tuple(recipe.needs), origin=origin)


@cache
def shipped():
    """Return the recipes that come with the engine, by name."""
    # This directory doesn't exist, so it adds no recipes of its own.
    catalog = engine_catalog.RecipeCatalog(Path("/nonexistent"))
    return {recipe.name: recipe for recipe in catalog.all()}


def parse_code(own):
    """Return what the engine makes of code in the database: a Recipe, or a Stage of its own.

    Raises DefinitionError, also if Python code can't be compiled: that of 2010 is Python 2.
    """
    recipe = engine.parse(own.name, SUFFIXES[own.language], _unix(own.code).encode(),
                          file=own.name)
    line, wrong = 0, ""
    if recipe.language == "python":
        line, wrong = python_syntax.syntax_problem(recipe.code)
    if wrong:
        raise definition_error([Problem(file=own.name, line=line, text=wrong)])
    return recipe


def problem_texts(error):
    """Return the faults of a Faulty about code, each with its line."""
    return [f"line {fault.line}: {fault.text}" if fault.line else fault.text
            for fault in error.problems]


def language_of(recipe):
    """Return the language of the engine's recipe, of a program by its line."""
    return recipe.language if recipe.language in SUFFIXES else language_of_program(recipe.code)


def language_of_program(code):
    """Return the language of code with a shebang; "" if it has none."""
    if not code.startswith("#!"):
        return ""
    return "python" if "python" in code.partition("\n")[0] else "shell"


def _unix(code):
    return code.replace("\r\n", "\n")  # forms send every newline as two characters
