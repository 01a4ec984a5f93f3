"""manage.py dump_cookbook: write your own recipes as a CSV cookbook of 2010."""

import csv
import io
import sys
from pathlib import Path

from bootstrapper.quoting import quoted
from django.core.management.base import BaseCommand, CommandError

from cookbook.models import Recipe

from ...csv_format import code_in_csv


class Command(BaseCommand):
    """Write the recipes."""

    help = "Write your own recipes as CSV: name, language, code, description; no header line."

    def add_arguments(self, parser):
        """Add the file."""
        parser.add_argument("file", type=Path, nargs="?", help="default: standard output")

    def handle(self, *, file, **options):
        """Write all recipes; the file is replaced in one step."""
        recipes = list(Recipe.objects.not_deleted())
        text = io.StringIO(newline="")
        csv.writer(text).writerows(
            (recipe.name, recipe.language, code_in_csv(recipe), recipe.description)
            for recipe in recipes
        )
        data = text.getvalue().encode()
        if file is None:
            sys.stdout.buffer.write(data)
            return
        try:
            _write(file, data)
        except OSError as error:
            raise CommandError(
                f"{file}: can't be written ({error.strerror})\n"
                f"  next: ls -ld {quoted(str(file.parent))}"
            ) from None
        self.stdout.write(f"{len(recipes)} recipes written to {file}")


def _write(file, data):
    beside = file.parent / f".{file.name}.new"
    try:
        beside.write_bytes(data)
        beside.replace(file)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
