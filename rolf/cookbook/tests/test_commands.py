"""Import and export of CSV cookbooks of 2010."""

import csv
import io
import re
import tempfile
from pathlib import Path

from django.core.management import CommandError, call_command
from django.test import TestCase

from cookbook.models import Recipe, RecipeVersion
from history.models import Change

from ..catalog import RecipeCatalog
from ..csv_format import HALTS, KEPT


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

    def run_import(self, *words):
        """Return what the command says: of each recipe, and of those that can't run."""
        out, err = io.StringIO(), io.StringIO()
        call_command("import_cookbook", self.file, *words, stdout=out, stderr=err)
        return out.getvalue(), err.getvalue()

    def test_what_ran_there_runs_here(self):
        self.write(
            ("Touch it", "shell", "cd $CWD\r\nfalse\r\ntouch $FILE\r\n", "Touches."),
            ("save tag", "python", "self.push.save()\n", "Saves."),
        )
        call_command("import_cookbook", self.file, stdout=io.StringIO())
        shell, python = RecipeCatalog().get("Touch it"), RecipeCatalog().get("save tag")
        self.assertTrue(shell.code.startswith("#!/bin/bash\n"))
        self.assertIn('export CWD="$CHECKOUT_DIR"', shell.code)
        self.assertIn("FILE", shell.needs)
        self.assertIn("self.push.save()", python.code)
        self.assertEqual(
            Recipe.objects.get(name="Touch it").versions.get().by_name, "import_cookbook"
        )

    def test_there_and_back_nothing_changes(self):
        recipes = [
            ("halts", "shell", "# Halts.\n# needs: A\nfalse\necho never\n"),
            ("own way", "shell", "#!/bin/sh\n# Goes on.\nfalse\n\n"),
            ("snake", "python", '"""Prints Ёлкино."""\n\nprint("x, y\\n")\n'),
            ("git/clone", "python", "print(self.setting('X'))\n"),
            ("без слов", "shell", "#!/bin/bash\ncd $CWD\n"),
            ("node", "shell", "#!/usr/bin/env node\n// Says it.\nconsole.log('it')\n"),
            ("by its shebang", "shell", f"{HALTS}false\n"),
            ("twice", "python", f"{KEPT}{KEPT}pass\n"),
            ("long", "shell", "x" * 200_000 + "\n"),
            ("old", "python", "print 'x'\n"),
        ]
        for name, language, code in recipes:
            Recipe.objects.create(name=name, language=language, code=code, description="d, e\nf")
        call_command("dump_cookbook", self.file, stdout=io.StringIO())
        first = self.file.read_bytes()
        Recipe.objects.all().delete()
        self.run_import()
        again = Recipe.objects.values_list("name", "language", "code", "description")
        self.assertEqual(set(again), {(*recipe, "d, e\nf") for recipe in recipes})
        out, _ = self.run_import()
        self.assertEqual({line[:16] for line in out.splitlines()}, {"same as before  "})
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
        out, _ = self.run_import("--replace")
        self.assertEqual(out, "new             b\nreplaced        a\n")
        self.assertIn("new", Recipe.objects.get(name="a").code)

    def test_importing_again_changes_nothing(self):
        self.write(
            ("git/clone", "shell", "git clone $X", "Clones."),
            ("smoke-test", "python", "self.push.save()", ""),
        )
        out, err = self.run_import()
        self.assertEqual(
            (out, err),
            ("new             git/clone\nnew             smoke-test (replaces Rolf's)\n", ""),
        )
        changes = Change.objects.count()
        out, _ = self.run_import()
        self.assertEqual(out.splitlines()[0], "same as before  git/clone")
        call_command("dump_cookbook", self.file, stdout=io.StringIO())
        out, _ = self.run_import("--replace")
        self.assertEqual({line[:16] for line in out.splitlines()}, {"same as before  "})
        self.assertEqual(Change.objects.count(), changes)
        self.assertEqual(RecipeVersion.objects.count(), 2)

    def test_what_cannot_run_is_named_with_its_line(self):
        self.write(
            ("fine", "python", "print(1)\n", ""), ("a/old one", "python", "x = 1\nprint x\n", "")
        )
        _, err = self.run_import()
        self.assertRegex(err, "^can't run       a/old one: line 4: this is Python 2, and recipes")
        self.assertEqual(err.count("\n"), 1)
        self.assertIn("line 4: this is Python 2", RecipeCatalog().entry("a/old one").fault)
        self.assertEqual(RecipeCatalog().entry("fine").fault, "")

    def test_all_faulty_rows_are_reported_at_once(self):
        self.write(
            ("fine", "shell", "1\n2\n", ""),
            ("/x", "shell", "", ""),
            ("a//b", "perl", "", ""),
            ("../x", "shell", "", ""),
            ("ж" * 101, "shell", "", ""),
            ("y\x1b", "shell", "", ""),
            ("fine", "python", "", ""),
            ("git/clone", "shell", "", ""),
        )
        with self.assertRaises(CommandError) as caught:
            call_command("import_cookbook", self.file)
        shown = str(caught.exception)
        for line, part in [
            (4, "begin or end"),
            (5, "neither shell nor python"),
            (5, "//, . or .."),
            (6, "//, . or .."),
            (7, "at most 80"),
            (8, "invisible"),
            (9, "row 1 has the same name"),
        ]:
            with self.subTest(line=line, part=part):
                self.assertRegex(shown, f"{self.file}:{line}: row .*{re.escape(part)}")
        self.assertNotIn(":10:", shown)
        self.assertFalse(Recipe.objects.exists())

    def test_a_file_that_cannot_be_read_or_written_is_reported(self):
        for command, file in [
            ("import_cookbook", "/nosuch"),
            ("import_cookbook", "/"),
            ("dump_cookbook", "/nosuch/x.csv"),
            ("dump_cookbook", "."),
            ("dump_cookbook", self.file.parent),
        ]:
            with (
                self.subTest(command, file=file),
                self.assertRaisesRegex(
                    CommandError, rf"^{file}: can't be (read|written) \(.*\)\n  next: ls -l"
                ),
            ):
                call_command(command, file)
        self.assertEqual(list(self.file.parent.iterdir()), [])

    def test_a_broken_row_imports_nothing_and_is_named(self):
        self.write(("fine", "shell", "x\n", ""), ("odd", "perl", "x\n", ""))
        with self.assertRaisesMessage(CommandError, 'row 2 ("odd")'):
            call_command("import_cookbook", self.file)
        self.assertFalse(Recipe.objects.exists())
