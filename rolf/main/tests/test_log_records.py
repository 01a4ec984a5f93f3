"""What the log has about requests that were refused."""

from django.test import SimpleTestCase

from .test_settings import PACKAGE, manage

ASK = "from django.test import Client; Client().get('/', headers={'host': 'elsewhere.example'})"


class Refused(SimpleTestCase):
    """A request that anybody can send."""

    def test_a_forged_host_is_one_line(self):
        run = manage(
            *("shell", "-v0", "-c", ASK, "--settings", f"{PACKAGE}.settings.production"),
            SECRET_KEY="".join(map(chr, range(48, 110))),
        )
        self.assertIn("Invalid HTTP_HOST header", run.stderr)
        self.assertNotIn("Traceback", run.stderr)
