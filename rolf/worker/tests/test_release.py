"""The release that a process runs from, however it was started."""

import os
import sys
from pathlib import Path
from unittest import mock

from django.test import SimpleTestCase

from ..release import Release


class Named(SimpleTestCase):
    """By what name it goes on."""

    def test_it_is_absolute_for_any_value_of_pwd(self):
        for environment in (
            {},
            {"PWD": ""},
            {"PWD": "."},
            {"PWD": "/nowhere"},
            {"PWD": str(Path.cwd())},
        ):
            with (
                mock.patch.dict(os.environ, environment, clear=True),
                mock.patch.object(sys, "argv", ["./manage.py", "rolf"]),
            ):
                release = Release()
                self.assertEqual(release.path, Path.cwd(), environment)
                self.assertEqual(sys.argv[0], str(Path.cwd() / "manage.py"))
