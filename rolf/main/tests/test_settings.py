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
    """Run ./manage.py in a new process, with only these environment variables."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env={"PATH": os.environ["PATH"], "SECRET_KEY": "", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


class SettingsTests(TestCase):
    def test_production_requires_secret_key(self):
        run = manage("check", "--settings", f"{PACKAGE}.settings.production")
        self.assertEqual(run.returncode, 1)
        self.assertRegex(run.stderr, r"^SECRET_KEY is not set.*\n  next: .*\n$")

    def test_deployment_checks(self):
        for place in ("production", "staging"):
            with self.subTest(place):
                run = manage(
                    *("check", "--deploy", "--fail-level", "WARNING"),
                    *("--settings", f"{PACKAGE}.settings.{place}"),
                    SECRET_KEY="".join(map(chr, range(48, 110))),
                )
                self.assertEqual(run.returncode, 0, run.stderr)

    def test_migrations_are_complete(self):
        run = manage("makemigrations", "--check", "--settings", f"{PACKAGE}.settings.test")
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)


class JsonFormatterTests(TestCase):
    def test_record_with_traceback_is_one_line(self):
        formatter = import_string(f"{PACKAGE}.log.JsonFormatter")(PACKAGE)
        record = logging.makeLogRecord({"msg": "two\nlines of %s", "args": ("text",), "user": 7})
        try:
            raise RuntimeError("raised for a test")
        except RuntimeError:
            record.exc_info = sys.exc_info()
        text = formatter.format(record)
        self.assertEqual(len(text.splitlines()), 1)
        line = json.loads(text)
        self.assertEqual(line["message"], "two\nlines of text")
        self.assertEqual(line["user"], 7)
        self.assertIn("raised for a test", line["exception"])
