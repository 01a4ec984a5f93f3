from django.conf import settings
from django.test import Client, TestCase, override_settings
from django.utils.html import escape


class PageTests(TestCase):
    def test_front_page_requires_login(self):
        self.assertRedirects(self.client.get("/"), "/sign-in/?next=/")
        page = self.client.get("/sign-in/")
        self.assertContains(page, escape(settings.PROJECT_NAME))
        self.assertContains(page, escape(settings.PROJECT_DESCRIPTION))

    def test_robots_txt(self):
        page = self.client.get("/robots.txt")
        self.assertEqual(page["Content-Type"], "text/plain")
        self.assertContains(page, "Disallow: /admin/")

    def test_favicon(self):
        page = self.client.get("/favicon.ico")
        self.assertEqual(page.status_code, 200)
        self.assertTrue(page.content)

    def test_content_security_policy(self):
        policy = self.client.get("/sign-in/")["Content-Security-Policy"]
        self.assertIn("default-src 'self'", policy)
        self.assertNotIn("unsafe", policy)


class ErrorPageTests(TestCase):
    def test_not_found(self):
        self.assertContains(self.client.get("/missing"), "There is no such page", status_code=404)

    def test_bad_request(self):
        with self.assertLogs("django.security.DisallowedHost", "ERROR"):
            page = self.client.get("/admin/", headers={"host": "elsewhere.example"})
        self.assertContains(page, "The request was not understood", status_code=400)

    def test_csrf_failure(self):
        with self.assertLogs("django.security.csrf", "WARNING"):
            page = Client(enforce_csrf_checks=True).post("/admin/login/")
        self.assertContains(page, "The form could not be accepted", status_code=403)

    @override_settings(ROOT_URLCONF="main.tests.failing_urls")
    def test_forbidden(self):
        page = self.client.get("/forbidden")
        self.assertContains(page, "This page is not for everyone", status_code=403)

    @override_settings(ROOT_URLCONF="main.tests.failing_urls")
    def test_server_error(self):
        self.client.raise_request_exception = False
        with self.assertLogs("django.request", "ERROR"):
            page = self.client.get("/broken")
        self.assertContains(page, "Something went wrong here", status_code=500)


class Large(TestCase):
    """Bodies that no form of Rolf's has."""

    def test_a_huge_body_is_refused_before_it_is_read(self):
        for length in (600 << 20, "9" * 30):
            answer = self.client.generic(
                "POST", "/sign-in/", b"a", CONTENT_LENGTH=str(length), HTTP_HOST="localhost"
            )
            self.assertEqual((answer.status_code, answer["Connection"]), (413, "close"))


class Parts(TestCase):
    """Parts of a page that htmx fetches."""

    def test_a_part_is_not_cached_as_the_page(self):
        for headers in ({}, {"HX-Request": "true"}):
            answer = self.client.get("/", headers=headers)
            self.assertIn("HX-Request", answer["Vary"])
