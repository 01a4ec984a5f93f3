"""The CSV of 2010, in and out."""

import csv
import io
import tempfile
from pathlib import Path

from django.core.management import CommandError, call_command
from django.test import TestCase

from cookbook.models import Recipe
from cookbook.shelf import Shelf


class Commands(TestCase):
    """import_cookbook and dump_cookbook."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.file = Path(directory.name, "cookbook.csv")

    def write(self, *rows, encoding="utf-8"):
        text = io.StringIO(newline="")
        csv.writer(text).writerows(rows)
        self.file.write_bytes(text.getvalue().encode(encoding))

    def test_what_ran_there_runs_here(self):
        self.write(("Touch it", "shell", "cd $CWD\r\nfalse\r\ntouch $FILE\r\n", "Touches."),
                   ("save tag", "python", "self.push.save()\n", "Saves."))
        call_command("import_cookbook", self.file, stdout=io.StringIO())
        shell, python = Shelf().get("Touch it"), Shelf().get("save tag")
        self.assertTrue(shell.code.startswith("#!/bin/bash\n"))
        self.assertIn('export CWD="$CHECKOUT_DIR"', shell.code)
        self.assertIn("FILE", shell.needs)
        self.assertIn("self.push.save()", python.code)
        self.assertEqual(Recipe.objects.get(name="Touch it").versions.get().by_name,
                         "import_cookbook")

    def test_there_and_back_nothing_changes(self):
        recipes = [
            ("halts", "shell", "# Halts.\n# needs: A\nfalse\necho never\n"),
            ("own way", "shell", "#!/bin/sh\n# Goes on.\nfalse\n\n"),
            ("snake", "python", '"""Prints Ёлкино."""\n\nprint("x, y\\n")\n')]
        for name, language, code in recipes:
            Recipe.objects.create(name=name, language=language, code=code, description="d, e\nf")
        call_command("dump_cookbook", self.file, stdout=io.StringIO())
        first = self.file.read_bytes()
        Recipe.objects.all().delete()
        call_command("import_cookbook", self.file, stdout=io.StringIO())
        again = Recipe.objects.values_list("name", "language", "code", "description")
        self.assertEqual(set(again), {(*recipe, "d, e\nf") for recipe in recipes})
        call_command("dump_cookbook", self.file, stdout=io.StringIO())
        self.assertEqual(self.file.read_bytes(), first)

    def test_latin_1_is_read(self):
        self.write(("gruss", "shell", "echo Grüße\n", "Grüßt."), encoding="latin-1")
        call_command("import_cookbook", self.file, stdout=io.StringIO())
        self.assertIn("Grüße", Recipe.objects.get().code)

    def test_what_is_there_is_replaced_only_where_one_says_so(self):
        Recipe.objects.create(name="a", code="# Old.\n")
        self.write(("b", "shell", "x\n", ""), ("a", "shell", "new\n", ""))
        with self.assertRaisesMessage(CommandError, "--replace"):
            call_command("import_cookbook", self.file)
        self.assertFalse(Recipe.objects.filter(name="b").exists())
        call_command("import_cookbook", self.file, "--replace", stdout=io.StringIO())
        self.assertIn("new", Recipe.objects.get(name="a").code)

    def test_a_broken_row_imports_nothing_and_is_named(self):
        self.write(("fine", "shell", "x\n", ""), ("odd", "perl", "x\n", ""))
        with self.assertRaisesMessage(CommandError, 'row 2 ("odd")'):
            call_command("import_cookbook", self.file)
        self.assertFalse(Recipe.objects.exists())
