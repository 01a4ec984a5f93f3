from django.conf import settings
from django.test import Client, TestCase, override_settings
from django.utils.html import escape


class PageTests(TestCase):
    def test_front_page(self):
        response = self.client.get("/")
        self.assertContains(response, f"<h1>{escape(settings.PROJECT_NAME)}</h1>", html=True)
        self.assertContains(response, escape(settings.PROJECT_DESCRIPTION))

    def test_next_steps_in_development_only(self):
        self.assertNotContains(self.client.get("/"), "What to do next")
        with override_settings(DEBUG=True):
            self.assertContains(self.client.get("/"), "What to do next")

    def test_robots_txt(self):
        response = self.client.get("/robots.txt")
        self.assertEqual(response["Content-Type"], "text/plain")
        self.assertIn(b"Disallow: /admin/", b"".join(response.streaming_content))

    def test_favicon(self):
        response = self.client.get("/favicon.ico")
        self.assertEqual(response.status_code, 200)
        self.assertTrue(b"".join(response.streaming_content))

    def test_content_security_policy(self):
        policy = self.client.get("/")["Content-Security-Policy"]
        self.assertIn("default-src 'self'", policy)
        self.assertNotIn("unsafe", policy)


class ErrorPageTests(TestCase):
    def test_not_found(self):
        response = self.client.get("/missing")
        self.assertContains(response, "There is no such page", status_code=404)

    def test_bad_request(self):
        with self.assertLogs("django.security.DisallowedHost", "ERROR"):
            response = self.client.get("/admin/", headers={"host": "elsewhere.example"})
        self.assertContains(response, "The request was not understood", status_code=400)

    def test_csrf_failure(self):
        with self.assertLogs("django.security.csrf", "WARNING"):
            response = Client(enforce_csrf_checks=True).post("/admin/login/")
        self.assertContains(response, "The form could not be accepted", status_code=403)

    @override_settings(ROOT_URLCONF="main.tests.failing_urls")
    def test_forbidden(self):
        response = self.client.get("/forbidden")
        self.assertContains(response, "This page is not for everyone", status_code=403)

    @override_settings(ROOT_URLCONF="main.tests.failing_urls")
    def test_server_error(self):
        self.client.raise_request_exception = False
        with self.assertLogs("django.request", "ERROR"):
            response = self.client.get("/broken")
        self.assertContains(response, "Something went wrong here", status_code=500)
