"""manage.py dump_cookbook: the shop's recipes as the CSV of 2010."""

import csv
import io
import sys
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from cookbook.models import Recipe

from ...csv_format import code_in_csv


class Command(BaseCommand):
    """The command."""

    help = "Write the shop's recipes as CSV: name, language, code, description; no header line."

    def add_arguments(self, parser):
        """Say where to."""
        parser.add_argument("file", type=Path, nargs="?", help="standard output without one")

    def handle(self, *, file, **options):
        """Write all of them; a file appears whole."""
        recipes = list(Recipe.objects.not_deleted())
        text = io.StringIO(newline="")
        csv.writer(text).writerows(
            (recipe.name, recipe.language, code_in_csv(recipe), recipe.description)
            for recipe in recipes)
        data = text.getvalue().encode()
        if file is None:
            sys.stdout.buffer.write(data)
            return
        try:
            _write(file, data)
        except OSError as error:
            raise CommandError(f"{file}: can't be written ({error.strerror})\n  next: name a file "
                               "in a directory that is there, and that you may write") from None
        self.stdout.write(f"{len(recipes)} recipes written to {file}")


def _write(file, data):
    beside = file.parent / f".{file.name}.new"
    try:
        beside.write_bytes(data)
        beside.replace(file)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
