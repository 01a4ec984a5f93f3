"""manage.py import_cookbook: import recipes from a CSV cookbook of 2010."""

from pathlib import Path

from bootstrapper.deploy.definition.problems import DefinitionError
from bootstrapper.deploy.recipes import csv_cookbook
from bootstrapper.errors import BootstrapperError
from bootstrapper.quoting import quoted
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from cookbook.models import Recipe
from history.models import record_change

from ...catalog import RecipeCatalog, problem_texts
from ...csv_format import code_of, language_of
from ...models import save_version

NEW, REPLACED, SAME, FAULTY = "new", "replaced", "same as before", "can't run"


class Command(BaseCommand):
    """Import the recipes."""

    help = "Import recipes from a CSV file: name, language, code, description."

    def add_arguments(self, parser):
        """Add the file and --replace."""
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--replace",
            action="store_true",
            help="replace recipes that differ (their versions are kept)",
        )

    @transaction.atomic
    def handle(self, *, file, replace, **options):
        """Import all recipes or none; print what happened to each, and which can't run."""
        there = {recipe.name: recipe for recipe in Recipe.objects.not_deleted()}
        rows = [_row(one, there) for one in _read(file)]
        differing = sorted(recipe.name for recipe, what in rows if what == REPLACED)
        if differing and not replace:
            raise CommandError(
                f"{file}: the cookbook has other recipes called {', '.join(differing)}\n"
                f"  next: ./manage.py import_cookbook {quoted(str(file))} --replace"
            )
        for recipe, what in rows:
            if what != SAME:
                with record_change(None, recipe):
                    recipe.save()
                save_version(recipe, by="import_cookbook")
        catalog = RecipeCatalog()
        for recipe, what in rows:
            note = " (replaces Rolf's)" if catalog.shadows(recipe.name) else ""
            self.stdout.write(f"{what:<{len(SAME)}}  {recipe.name}{note}")
        for recipe, _ in rows:
            try:
                catalog.get(recipe.name)
            except DefinitionError as error:
                for fault in problem_texts(error):
                    self.stderr.write(f"{FAULTY:<{len(SAME)}}  {recipe.name}: {fault}")


def _read(file):
    """Return the rows of the file. Raises CommandError, which names every problem."""
    try:
        return csv_cookbook.read(file, check_name=_fault_of_name)
    except BootstrapperError as error:
        raise CommandError(str(error)) from None
    except OSError as error:
        raise CommandError(
            f"{file}: can't be read ({error.strerror})\n  next: ls -l {quoted(str(file))}"
        ) from None


def _fault_of_name(name):
    try:
        Recipe._meta.get_field("name").clean(name, None)
    except ValidationError as error:
        return " ".join(error.messages)
    return ""


def _row(imported, there):
    """Return the unsaved recipe of a row, and NEW, REPLACED or SAME."""
    name = imported.name.strip()
    recipe = there.get(name) or Recipe(name=name)
    before = recipe.history_fields()
    recipe.language, recipe.code = language_of(imported), code_of(imported)
    recipe.description = imported.description
    if recipe.pk is None:
        return recipe, NEW
    return recipe, SAME if recipe.history_fields() == before else REPLACED
