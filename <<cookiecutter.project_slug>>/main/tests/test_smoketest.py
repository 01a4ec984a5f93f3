import io
from unittest import mock

from django.contrib.staticfiles.testing import StaticLiveServerTestCase
from django.core.management import CommandError, call_command
from django.test import override_settings


class SmoketestTests(StaticLiveServerTestCase):
    def smoketest(self, url):
        """Return the CommandError of a run, or None, and the output."""
        output = io.StringIO()
        try:
            call_command("smoketest", url, stdout=output, stderr=output)
        except CommandError as error:
            return error, output.getvalue()
        return None, output.getvalue()

    @override_settings(ALLOWED_HOSTS=["*"])
    def test_working_site_passes(self):
        error, output = self.smoketest(self.live_server_url)
        self.assertIsNone(error, output)
        self.assertEqual(output.count("ok  "), 3)

    def test_other_site_fails(self):
        other_name = mock.patch("main.context.settings", PROJECT_NAME="Another site")
        with other_name, override_settings(ALLOWED_HOSTS=["*"]):
            error, output = self.smoketest(self.live_server_url)
        self.assertIn("1 of 3 smoke tests failed", str(error))
        self.assertIn("is this the right site?", output)

    def test_wrong_allowed_hosts_fail(self):
        with override_settings(ALLOWED_HOSTS=["elsewhere.example"]):
            error, output = self.smoketest(self.live_server_url)
        self.assertIn("3 of 3 smoke tests failed", str(error))
        self.assertIn("answered 400 Bad Request", output)

    def test_stopped_site_fails(self):
        # No server listens on port 9 (discard).
        error, output = self.smoketest("http://127.0.0.1:9")
        self.assertIn("3 of 3 smoke tests failed", str(error))
        self.assertIn("did not answer", output)
