"""manage.py check --deploy: what is unsafe in this installation."""

import tempfile
from datetime import timedelta
from pathlib import Path
from unittest import mock

from django.core.checks import run_checks
from django.test import SimpleTestCase, TestCase, override_settings
from django.utils import timezone

import audit
from accounts.first_superuser import first_superuser
from accounts.models import User
from audit.models import Entry
from pushes.models import Worker
from server import deploy_checks

STRONG = ["django.contrib.auth.hashers.Argon2PasswordHasher"]


def found():
    """Return the messages of these checks by their id."""
    messages = [*deploy_checks.check_settings(None), *deploy_checks.check_installation(None)]
    return {message.id: message for message in messages}


@override_settings(PASSWORD_HASHERS=STRONG, SESSION_COOKIE_SECURE=True)
class Settings(SimpleTestCase):
    """What the settings say."""

    def ids(self, **changed):
        with override_settings(**changed):
            return {message.id for message in deploy_checks.check_settings(None)}

    def test_safe_settings_are_accepted(self):
        self.assertEqual(self.ids(AUDIT_SINKS=["file:///var/log/audit"]), set())

    def test_each_unsafe_setting_is_reported(self):
        for number, changed in [
            ("W001", {"DEBUG": True}),
            ("W002", {"ALLOWED_HOSTS": ["*"]}),
            ("W003", {"SESSION_COOKIE_SECURE": False}),
            ("W004", {"PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"]}),
            ("W005", {"METRICS_TOKEN": "short"}),
            ("W006", {"METRICS_ADDRESSES": ["0.0.0.0/0"]}),
            ("W006", {"METRICS_ADDRESSES": ["::/0"]}),
            ("I001", {"AUDIT_SINKS": []}),
        ]:
            with self.subTest(number):
                self.assertIn(f"rolf.{number}", self.ids(**changed))

    def test_a_small_network_may_read_metrics(self):
        self.assertNotIn("rolf.W006", self.ids(METRICS_ADDRESSES=["10.0.0.0/16", "127.0.0.1"]))


def superuser():
    """Create a superuser with a password."""
    made = User.objects.create_superuser("grace")
    made.set_password("correct horse")
    made.save()


class Installation(TestCase):
    """What the files, the workers and the accounts say."""

    def setUp(self):
        self.data = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.data.chmod(0o700)
        self.enterContext(mock.patch.object(deploy_checks, "DATA", self.data))
        self.ada = User.objects.create_user("ada")

    def test_the_checks_run_for_a_deployment_only(self):
        with override_settings(ALLOWED_HOSTS=["*"]):
            deployed = {each.id for each in run_checks(include_deployment_checks=True)}
            self.assertIn("rolf.W002", deployed)
            self.assertNotIn("rolf.W002", {each.id for each in run_checks()})

    def test_a_fresh_checkout_has_no_findings(self):
        User.objects.all().delete()
        self.data.chmod(0o755)
        self.assertEqual(deploy_checks.check_installation(None), [])

    def test_files_that_others_can_read_are_reported(self):
        self.assertNotIn("rolf.W007", found())
        (self.data / "seal.key").touch(0o644)
        self.assertIn("seal.key", found()["rolf.W007"].msg)
        (self.data / "seal.key").chmod(0o600)
        (self.data / "db.sqlite3").touch(0o644)
        self.assertNotIn("rolf.W007", found())
        self.data.chmod(0o755)
        self.assertIn("next: chmod go= ", found()["rolf.W007"].hint)

    def test_a_key_beside_the_database_is_reported(self):
        settings = override_settings(SEAL_KEYS=[], SEAL_KEY_FILE=self.data / "seal.key")
        name = {"NAME": str(self.data / "db.sqlite3")}
        with settings, mock.patch.object(deploy_checks, "connection") as connection:
            connection.vendor, connection.settings_dict = "sqlite", name
            self.assertIn("rolf.I002", {each.id for each in deploy_checks._files()})
            connection.vendor = "postgresql"
            self.assertNotIn("rolf.I002", {each.id for each in deploy_checks._files()})

    def test_stages_of_rolfs_own_user_are_reported(self):
        self.assertIn("rolf.I003", found())
        with override_settings(STAGE_USER="rolf-stages"):
            self.assertNotIn("rolf.I003", found())

    def test_root_is_reported(self):
        for user, reported in [(0, True), (1000, False)]:
            with mock.patch("os.geteuid", return_value=user):
                self.assertEqual("rolf.W008" in found(), reported)

    def test_one_sqlite_of_several_machines_is_reported(self):
        for host in ("a 1", "b 1"):
            Worker.objects.create(name=host, machine=host, pid=1)
        with mock.patch.object(deploy_checks, "connection") as connection:
            connection.vendor = "sqlite"
            self.assertEqual(len(list(deploy_checks._machines())), 1)
            connection.vendor = "postgresql"
            self.assertEqual(list(deploy_checks._machines()), [])

    def test_the_first_password_is_reported_until_it_is_changed(self):
        User.objects.all().delete()
        first_superuser()
        self.assertIn("changepassword admin", found()["rolf.W010"].hint)
        admin = User.objects.get()
        audit.record("user.password", user=admin, target="admin")
        Entry.objects.append_pending()
        self.assertNotIn("rolf.W010", found())

    def test_a_later_password_is_not_the_first(self):
        User.objects.all().delete()
        first_superuser()
        User.objects.update(password_set=timezone.now() + timedelta(days=1))
        self.assertNotIn("rolf.W010", found())

    def test_superusers_without_a_second_factor_are_reported(self):
        self.assertNotIn("rolf.W011", found())
        superuser()
        self.assertIn("grace", found()["rolf.W011"].msg)
        with override_settings(LOGIN_SECOND_FACTOR="superusers"):
            self.assertNotIn("rolf.W011", found())

    def test_weak_hashes_of_passwords_are_reported(self):
        self.ada.set_password("correct horse")  # the hasher of tests is weak
        self.ada.save()
        self.assertIn("ada", found()["rolf.W012"].msg)
        with override_settings(PASSWORD_HASHERS=STRONG):
            self.ada.set_password("correct horse")
            self.ada.save()
        self.assertNotIn("rolf.W012", found())

    def test_each_message_ends_with_the_next_command(self):
        self.data.chmod(0o777)
        superuser()
        with override_settings(DEBUG=True, ALLOWED_HOSTS=["*"]):
            for message in found().values():
                with self.subTest(message.id):
                    self.assertRegex(message.hint, r"^next: \S+")
