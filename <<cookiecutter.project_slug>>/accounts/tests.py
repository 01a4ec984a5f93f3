from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.test import TestCase, override_settings

from << cookiecutter.project_slug >>.settings.base import PASSWORD_HASHERS

User = get_user_model()


class LoginTests(TestCase):
    def test_superuser_can_log_in_to_admin(self):
        User.objects.create_superuser("ada", password="correct horse")
        response = self.client.post(
            "/admin/login/?next=/admin/", {"username": "ada", "password": "correct horse"}
        )
        self.assertRedirects(response, "/admin/")

    def test_wrong_password_is_rejected(self):
        User.objects.create_superuser("ada", password="correct horse")
        response = self.client.post("/admin/login/", {"username": "ada", "password": "battery"})
        self.assertContains(response, "Please enter the correct username")

    @override_settings(PASSWORD_HASHERS=PASSWORD_HASHERS)
    def test_argon2_hashes_passwords(self):
        self.assertTrue(make_password("correct horse").startswith("argon2$"))
