"""manage.py import_cookbook: recipes out of the CSV of 2010."""

from pathlib import Path

from bootstrapper.deploy.project import csv_cookbook
from bootstrapper.errors import BootstrapperError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from cookbook.csv_form import code_of
from cookbook.models import Recipe
from cookbook.versions import keep
from history.models import recording

LANGUAGES = {".sh": "shell", ".py": "python"}


class Command(BaseCommand):
    """The command."""

    help = "Import recipes from a CSV file: name, language, code, description."

    def add_arguments(self, parser):
        """Say what may be chosen."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--replace", action="store_true",
                            help="replace recipes of the same name (their versions are kept)")

    @transaction.atomic
    def handle(self, *, file, replace, **options):
        """Import all of them, or none."""
        try:
            found = csv_cookbook.read(file)
        except BootstrapperError as error:
            raise CommandError(str(error)) from None
        there = {recipe.name: recipe for recipe in Recipe.objects.living()}
        taken = sorted({one.name for one in found} & there.keys())
        if taken and not replace:
            raise CommandError(
                f"{file}: the cookbook has {', '.join(taken)} already\n"
                "  next: the same command with --replace, which keeps their versions")
        for one in found:
            self._keep(one, there.get(one.name) or Recipe(name=one.name))
        self.stdout.write(f"{len(found)} recipes imported from {file}")

    def _keep(self, imported, recipe):
        recipe.language = LANGUAGES[Path(imported.file).suffix]
        recipe.code, recipe.description = code_of(imported), imported.description
        with recording(None, recipe):
            recipe.save()
        keep(recipe, by="import_cookbook")
