"""manage.py dump_cookbook: the shop's recipes as the CSV of 2010."""

import csv
import io
import sys
from pathlib import Path

from django.core.management.base import BaseCommand

from cookbook.csv_form import code_in_csv
from cookbook.models import Recipe


class Command(BaseCommand):
    """The command."""

    help = "Write the shop's recipes as CSV: name, language, code, description; no header line."

    def add_arguments(self, parser):
        """Say where to."""
        parser.add_argument("file", type=Path, nargs="?", help="standard output without one")

    def handle(self, *, file, **options):
        """Write all of them; a file appears whole."""
        text = io.StringIO(newline="")
        csv.writer(text).writerows(
            (recipe.name, recipe.language, code_in_csv(recipe), recipe.description)
            for recipe in Recipe.objects.living())
        data = text.getvalue().encode()
        if file is None:
            sys.stdout.buffer.write(data)
            return
        beside = file.with_name(f".{file.name}.new")
        beside.write_bytes(data)
        beside.replace(file)
        self.stdout.write(f"{Recipe.objects.living().count()} recipes written to {file}")
