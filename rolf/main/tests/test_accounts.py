"""Commands of Django that change accounts leave the same traces as the pages of people."""

from unittest import mock

from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.test import TestCase

from accounts.first_superuser import new_password
from audit.models import Entry
from history.models import Change

PASSWORD = new_password()


class Traces(TestCase):
    """The history and the audit log."""

    def last(self):
        Entry.objects.append_pending()
        entry, change = Entry.objects.latest("sequence"), Change.objects.latest("pk")
        return entry.action, entry.target, change.by_name, change.verb

    def test_a_superuser_of_the_command_line(self):
        with mock.patch.dict("os.environ", DJANGO_SUPERUSER_PASSWORD=PASSWORD):
            call_command(
                "createsuperuser", interactive=False, username="ada", email="", verbosity=0
            )
        self.assertTrue(get_user_model().objects.get().check_password(PASSWORD))
        self.assertEqual(self.last(), ("user.created", "ada", "command line", "created"))
        self.assertNotIn(PASSWORD, str(Change.objects.get().after))

    def test_a_password_of_the_command_line(self):
        get_user_model().objects.create_user("Ada", password="open sesame 12")
        with mock.patch(
            "django.contrib.auth.management.commands.changepassword.Command._get_pass",
            return_value=PASSWORD,
        ):
            call_command("changepassword", "Ada", stdout=mock.Mock())
        self.assertTrue(get_user_model().objects.get().check_password(PASSWORD))
        self.assertEqual(self.last(), ("user.password", "Ada", "command line", "changed"))

    def test_an_unknown_user_changes_nothing(self):
        with self.assertRaisesMessage(CommandError, "user 'ben' does not exist"):
            call_command("changepassword", "ben")
        self.assertFalse(Change.objects.exists())
