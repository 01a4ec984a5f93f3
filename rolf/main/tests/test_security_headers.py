"""Headers, cookies and passwords that docs/rolf-security.md promises."""

from django.test import Client, TestCase, override_settings
from django.urls import reverse

from accounts.models import User
from main.tests.cast import Cast
from people.forms import FirstPassword

WORDS = "correct horse battery staple " * 3


class Headers(TestCase):
    """What each response says to browsers."""

    @classmethod
    def setUpTestData(cls):
        cls.cast = Cast()

    def test_responses_have_the_security_headers(self):
        self.client.force_login(self.cast.people["view"])
        for path in ("/", "/sign-in/", "/healthz", "/api/openapi.json", "/absent/"):
            with self.subTest(path):
                answer = self.client.get(path)
                self.assertEqual(answer["X-Content-Type-Options"], "nosniff")
                self.assertEqual(answer["Referrer-Policy"], "same-origin")
                self.assertEqual(answer["X-Frame-Options"], "DENY")

    def test_pages_with_settings_are_not_stored(self):
        self.client.force_login(self.cast.people["edit"])
        for name in ("settings", "setting-new", "export"):
            answer = self.client.get(reverse(f"deployments:{name}", args=[self.cast.mine.pk]))
            self.assertIn("no-store", answer["Cache-Control"])
        self.assertIn("private", self.client.get("/")["Cache-Control"])

    def test_cookies_are_for_this_host_and_no_script(self):
        user = User.objects.create_user("ada")
        user.set_password(WORDS)
        user.save()
        with override_settings(SESSION_COOKIE_SECURE=True, CSRF_COOKIE_SECURE=True):
            client = Client()
            client.post(reverse("accounts:login"), {"username": "ada", "password": WORDS})
            client.get("/account/password/")
        for name in ("sessionid", "csrftoken"):
            cookie = client.cookies[name]
            with self.subTest(name):
                self.assertTrue(cookie["secure"])
                self.assertEqual((cookie["samesite"], cookie["path"]), ("Lax", "/"))
                self.assertEqual(cookie["domain"], "")
        self.assertTrue(client.cookies["sessionid"]["httponly"])


class Passwords(TestCase):
    """Which passwords are accepted."""

    def form(self, password):
        return FirstPassword({"password": password}, person=User(username="ada"))

    def test_a_long_password_is_accepted(self):
        self.assertTrue(self.form(WORDS).is_valid())
        self.assertGreater(len(WORDS), 64)

    def test_a_common_password_is_refused(self):
        for password in ("password123", "1234567890", "short", "ada"):
            with self.subTest(password):
                self.assertFalse(self.form(password).is_valid())
