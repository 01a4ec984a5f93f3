"""Settings that must not go wrong, each tried in a process of its own."""

import json
import logging
import os
import subprocess
import sys
from unittest import TestCase

from django.conf import settings
from django.utils.module_loading import import_string

PACKAGE = settings.ROOT_URLCONF.partition(".")[0]


def manage(*arguments, **environment):
    """Run ./manage.py with nothing in the environment but what is given."""
    clean = {"PATH": os.environ["PATH"], "SECRET_KEY": "", **environment}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env=clean,
        capture_output=True,
        text=True,
        check=False,
    )


class Places(TestCase):
    """Production and staging."""

    def test_production_does_not_start_without_a_secret_key(self):
        run = manage("check", "--settings", f"{PACKAGE}.settings.production")
        self.assertEqual(run.returncode, 1)
        self.assertIn("SECRET_KEY is not set", run.stderr)

    def test_both_places_are_safe_to_deploy(self):
        for place in ("production", "staging"):
            with self.subTest(place):
                run = manage(
                    *("check", "--deploy", "--fail-level", "WARNING"),
                    *("--settings", f"{PACKAGE}.settings.{place}"),
                    SECRET_KEY="".join(map(chr, range(48, 110))),
                )
                self.assertEqual(run.returncode, 0, run.stderr)

    def test_no_migration_is_missing(self):
        run = manage("makemigrations", "--check", "--settings", f"{PACKAGE}.settings.test")
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)


class Log(TestCase):
    """The log of production."""

    def test_a_record_is_one_line_of_json_even_with_a_traceback(self):
        formatter = import_string(f"{PACKAGE}.log.JsonFormatter")(PACKAGE)
        record = logging.makeLogRecord({"msg": "two\nlines of %s", "args": ("text",), "user": 7})
        try:
            raise RuntimeError("a fault made for a test")
        except RuntimeError:
            record.exc_info = sys.exc_info()
        text = formatter.format(record)
        self.assertEqual(len(text.splitlines()), 1)
        line = json.loads(text)
        self.assertEqual(line["message"], "two\nlines of text")
        self.assertEqual(line["user"], 7)
        self.assertIn("a fault made for a test", line["exception"])
