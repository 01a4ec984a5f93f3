"""The cookbook: your own recipes, and those that come with the engine."""

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
    """A recipe as pages show it.

    `origin` is "rolf" for a shipped recipe, "own", or "replaces" for an own recipe with the name of
    a shipped one. `fault` says what is wrong with a broken recipe.
    """

    name: str
    language: str
    summary: str = ""
    description: str = ""
    needs: tuple[str, ...] = ()
    origin: str = "rolf"
    fault: str = ""

    @property
    def language_name(self):
        """The label of the language."""
        return Language(self.language).label


class RecipeCatalog:
    """All recipes that a stage can use; an own recipe replaces a shipped one of the same name."""

    def __init__(self):
        """Read all own recipes in one query."""
        self._own = {recipe.name: recipe for recipe in Recipe.objects.not_deleted()}

    @property
    def names(self):
        """The sorted names of all recipes."""
        return sorted({*shipped(), *self._own})

    def get(self, name):
        """Return the engine's Recipe of that name, or None.

        Raises DefinitionError if the recipe is broken.
        """
        own = self._own.get(name)
        return parse_code(own) if own else shipped().get(name)

    def own(self, name):
        """Return the own Recipe (a row) of that name, or None."""
        return self._own.get(name)

    def has(self, name, language, code):
        """Return whether the recipe of that name has exactly this code."""
        own = self._own.get(name)
        if own:
            return (own.language, _unix(own.code)) == (language, _unix(code))
        from_rolf = shipped().get(name)
        return from_rolf is not None and (language_of(from_rolf), from_rolf.code) == (
            language,
            _unix(code),
        )

    def shadows(self, name):
        """Return whether an own recipe replaces a shipped one."""
        return name in self._own and name in shipped()

    def entries(self):
        """Return a CatalogEntry of each recipe."""
        return [self.entry(name) for name in self.names]

    def entry(self, name):
        """Return the CatalogEntry of a recipe."""
        own = self.own(name)
        origin = "replaces" if self.shadows(name) else "own" if own else "rolf"
        try:
            recipe = self.get(name)
        except DefinitionError as error:
            return CatalogEntry(
                name=name,
                language=own.language,
                origin=origin,
                fault="; ".join(problem_texts(error)),
            )
        return CatalogEntry(
            name=name,
            language=language_of(recipe),
            summary=recipe.summary,
            description=recipe.description,
            needs=tuple(recipe.needs),
            origin=origin,
        )


@cache
def shipped():
    """Return the engine's recipes, by name."""
    # This directory doesn't exist, so it adds no recipes of its own.
    catalog = engine_catalog.RecipeCatalog(Path("/nonexistent"))
    return {recipe.name: recipe for recipe in catalog.all()}


def parse_code(own):
    """Return the engine's Recipe of a row, which is a Recipe or a Stage with its own code.

    Raises DefinitionError, also if Python code can't be compiled: that of 2010 is Python 2.
    """
    recipe = engine.parse(own.name, SUFFIXES[own.language], _unix(own.code).encode(), file=own.name)
    line, wrong = 0, ""
    if recipe.language == "python":
        line, wrong = python_syntax.syntax_problem(recipe.code)
    if wrong:
        raise definition_error([Problem(file=own.name, line=line, text=wrong)])
    return recipe


def problem_texts(error):
    """Return the problems of a DefinitionError about code, each with its line."""
    return [
        f"line {fault.line}: {fault.text}" if fault.line else fault.text for fault in error.problems
    ]


def language_of(recipe):
    """Return the language of an engine's recipe; that of a program comes from its shebang."""
    return recipe.language if recipe.language in SUFFIXES else language_of_program(recipe.code)


def language_of_program(code):
    """Return the language of code with a shebang; "" if it has none."""
    if not code.startswith("#!"):
        return ""
    return "python" if "python" in code.partition("\n")[0] else "shell"


def _unix(code):
    return code.replace("\r\n", "\n")  # browsers send CR LF


def sentence(text):
    """Return a problem that the engine found as a sentence; a suggestion ends with its own mark."""
    return text if text.endswith("?") else f"{text}."
