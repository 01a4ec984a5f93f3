"""Who may log in."""

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.test import TestCase, override_settings

from rolf.settings.base import PASSWORD_HASHERS

User = get_user_model()


class Login(TestCase):
    """The way into the admin."""

    def test_a_member_of_staff_gets_into_the_admin(self):
        User.objects.create_superuser("ada", password="correct horse")
        answer = self.client.post(
            "/admin/login/?next=/admin/", {"username": "ada", "password": "correct horse"}
        )
        self.assertRedirects(answer, "/admin/")

    def test_a_wrong_password_does_not(self):
        User.objects.create_superuser("ada", password="correct horse")
        answer = self.client.post("/admin/login/", {"username": "ada", "password": "battery"})
        self.assertContains(answer, "Please enter the correct username")

    @override_settings(PASSWORD_HASHERS=PASSWORD_HASHERS)
    def test_passwords_are_hashed_by_argon2(self):
        self.assertTrue(make_password("correct horse").startswith("argon2$"))
