"""The release that a process runs of, however it was started."""

import os
import sys
from pathlib import Path
from unittest import mock

from django.test import SimpleTestCase

from ..release import Release


class Named(SimpleTestCase):
    """By what name it goes on."""

    def test_it_is_absolute_whatever_the_shell_reported(self):
        for reported in ({}, {"PWD": ""}, {"PWD": "."}, {"PWD": "/nowhere"}, {"PWD": str(Path.cwd())}):
            with mock.patch.dict(os.environ, reported, clear=True), mock.patch.object(
                    sys, "argv", ["./manage.py", "rolf"]):
                release = Release()
                self.assertEqual(release.path, Path.cwd(), reported)
                self.assertEqual(sys.argv[0], str(Path.cwd() / "manage.py"))
