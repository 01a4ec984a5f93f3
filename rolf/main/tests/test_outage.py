"""Responses while the database does not answer."""

from unittest import mock

from django.db import OperationalError, connection
from django.test import Client, TestCase

from main.tests.cast import Cast


class Outage(TestCase):
    """The database goes away after the tables were filled."""

    def setUp(self):
        self.cast = Cast()
        self.client = Client(raise_request_exception=False)
        self.client.force_login(self.cast.people["superuser"])
        away = OperationalError("connection refused")
        self.enterContext(mock.patch.object(connection, "cursor", side_effect=away))
        self.enterContext(self.assertLogs("django.request", "ERROR"))

    def test_pages_say_to_try_again(self):
        for path in ("/", "/admin/", f"/deployments/{self.cast.mine.pk}/", "/sign-in/"):
            response = self.client.get(path)
            self.assertEqual((path, response.status_code), (path, 503))
            self.assertEqual(response["Retry-After"], "5")
            self.assertContains(response, "The database does not answer", status_code=503)

    def test_api_returns_a_problem(self):
        for accept, kind in [("*/*", "application/problem+json"), ("text/plain", "text/plain")]:
            response = self.client.get(
                "/api/deployments",
                headers={"Accept": accept, "Authorization": "Bearer rolf_x"},
            )
            self.assertEqual(response.status_code, 503)
            self.assertTrue(response["Content-Type"].startswith(kind))


class Fault(TestCase):
    """A fault of Rolf's own."""

    def test_it_is_500(self):
        client = Client(raise_request_exception=False)
        with (
            mock.patch("accounts.forms.LoginForm.__init__", side_effect=ZeroDivisionError),
            self.assertLogs("django.request", "ERROR"),
        ):
            self.assertEqual(client.get("/sign-in/").status_code, 500)
