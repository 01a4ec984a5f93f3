"""The key is exchanged, and every secret stays readable."""

import io
import stat
import tempfile
from pathlib import Path
from unittest import mock

from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.test import TestCase, override_settings

from accounts.models import User
from audit.models import Entry
from deployments.models import Setting
from encryption.fernet import DecryptionError, decrypt, encrypt, keys
from encryption.key_file import KeyFile, key_id
from encryption.rotation import LEFT_OUT, fields, reencrypt
from main.tests.cast import Cast
from pushes.models import Push


class Case(TestCase):
    """A file with one key, and a secret in a setting and within JSON."""

    @classmethod
    def setUpTestData(cls):
        cls.cast = Cast()

    def setUp(self):
        directory = self.enterContext(tempfile.TemporaryDirectory())
        self.path = Path(directory) / "seal.key"
        self.enterContext(override_settings(SEAL_KEYS=[], SEAL_KEY_FILE=self.path))
        self.setting = Setting(deployment=self.cast.mine, name="API_KEY", secret=True)
        self.setting.value = "open sesame"
        self.setting.save()
        self.push = self.cast.mine.pushes.first()
        self.push.snapshot = {"deep": [{"a": encrypt("in JSON")}, "gAAAA", 1, None]}
        self.push.save()
        self.file = KeyFile(self.path)
        [self.old] = self.file.keys

    def call(self, *arguments):
        out, errors = io.StringIO(), io.StringIO()
        call_command("seal_key", *arguments, stdout=out, stderr=errors)
        return out.getvalue() + errors.getvalue()

    def check(self):
        """Check that both secrets can be read."""
        self.setting.refresh_from_db()
        self.push.refresh_from_db()
        self.assertEqual(self.setting.value, "open sesame")
        self.assertEqual(decrypt(self.push.snapshot["deep"][0]["a"]), "in JSON")
        self.assertEqual(self.push.snapshot["deep"][1:], ["gAAAA", 1, None])


class OneMachine(Case):
    """`seal_key rotate`."""

    def rotate(self):
        return self.call("rotate", "--settle", "0")

    def test_every_secret_is_encrypted_with_a_new_key(self):
        before = self.setting.encrypted
        output = self.rotate()
        self.assertEqual(len(self.file.keys), 1)
        self.assertNotEqual(self.file.keys, [self.old])
        self.check()
        self.assertNotEqual(self.setting.encrypted, before)
        self.assertIn("2 values", output)
        with override_settings(SEAL_KEYS=[self.old]), self.assertRaises(DecryptionError):
            _ = self.setting.value

    def test_no_key_is_printed(self):
        output = self.rotate() + self.call("status")
        self.assertNotIn(self.old, output)
        self.assertNotIn(self.file.keys[0], output)

    def test_the_file_stays_private(self):
        self.rotate()
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)
        self.assertEqual(
            sorted(p.name for p in self.path.parent.iterdir()), ["seal.key", "seal.key.lock"]
        )

    def test_a_rotation_that_was_killed_continues(self):
        for broken in ("_reencrypt_row", "_rows"):
            with (
                self.subTest(broken),
                mock.patch(f"encryption.rotation.{broken}", side_effect=KeyboardInterrupt),
                self.assertRaises(KeyboardInterrupt),
            ):
                self.rotate()
            self.assertEqual(len(self.file.keys), 2)
            self.check()
        [new, _] = self.file.keys
        self.assertIn("continues", self.rotate())
        self.assertEqual(self.file.keys, [new])
        self.check()

    def test_a_secret_entered_meanwhile_is_kept(self):
        def enter(keys, *rest):
            self.setting.encrypted = Fernet(self.old.encode()).encrypt(b"entered").decode()
            self.setting.save()
            return reencrypt(keys, *rest)

        command = "encryption.management.commands.seal_key"
        with (
            mock.patch(f"{command}.reencrypt", enter),
            mock.patch(f"{command}.ROUNDS", 1),
            self.assertRaises(CommandError),
        ):
            self.rotate()
        self.assertEqual(len(self.file.keys), 2, "the key was dropped that a secret needs")
        self.rotate()
        self.setting.refresh_from_db()
        self.assertEqual(self.setting.value, "entered")

    def test_text_that_no_key_decrypts_is_named_and_kept(self):
        lost = Fernet(Fernet.generate_key()).encrypt(b"lost").decode()
        Setting.objects.create(deployment=self.cast.mine, name="LOST", text=lost)
        output = self.rotate()
        self.assertIn("deployments.Setting.text of row", output)
        self.assertEqual(Setting.objects.get(name="LOST").text, lost)

    def test_a_rotation_is_in_the_audit_log(self):
        self.rotate()
        Entry.objects.append_pending()
        actions = [entry.action for entry in Entry.objects.all()[:2]]
        self.assertEqual(actions, ["key.dropped", "key.added"])


class SeveralMachines(Case):
    """The steps one by one, with a copy of the file between them."""

    def test_a_new_key_decrypts_before_it_encrypts(self):
        self.call("add")
        [first, second] = self.file.keys
        self.assertEqual(first, self.old)
        self.call("use", key_id(second))
        self.assertEqual(self.file.keys, [second, self.old])
        self.call("use", key_id(second))
        self.assertEqual(self.file.keys, [second, self.old])
        self.assertIn("2 values", self.call("reencrypt"))
        self.call("drop", "--settle", "0")
        self.assertEqual(self.file.keys, [second])
        self.check()

    def test_a_machine_without_the_new_file_still_reads(self):
        self.call("add")
        with override_settings(SEAL_KEYS=[self.old]):
            self.check()

    def test_an_unknown_key_is_refused(self):
        with self.assertRaisesMessage(CommandError, "has no key 00000000") as caught:
            self.call("use", "00000000")
        self.assertEqual(caught.exception.returncode, 2)

    def test_keys_of_the_environment_are_changed_by_hand(self):
        new = Fernet.generate_key().decode()
        with override_settings(SEAL_KEYS=[new, self.old]):
            for command in ("rotate", "add"):
                with self.assertRaisesMessage(CommandError, "ROLF_SEAL_KEY"):
                    self.call(command)
            self.assertIn("2 values", self.call("reencrypt"))
            self.assertIn(f"nothing needs {key_id(self.old)}", self.call("drop", "--settle", "0"))
        with override_settings(SEAL_KEYS=[new]):
            self.check()


class Places(Case):
    """Where encrypted text is looked for."""

    def test_each_field_with_text_is_looked_at(self):
        found = {f"{model._meta.label}.{each.name}" for model, each in fields()}
        for wanted in (
            "deployments.Setting.encrypted",
            "pushes.Push.snapshot",
            "pushes.Push.record",
            "history.Change.after",
        ):
            self.assertIn(wanted, found)

    def test_each_application_left_out_exists_for_a_reason(self):
        self.assertEqual(LEFT_OUT, {"audit", "sessions", "contenttypes", "django_tasks_db"})
        self.assertFalse(Entry.objects.filter(details__contains="gAAAA").exists())

    def test_a_changed_file_is_read_again(self):
        self.assertEqual(keys(), (self.old,))
        self.file.add(Fernet.generate_key().decode(), first=True)
        self.assertEqual(len(keys()), 2)

    def test_rows_are_read_in_batches(self):
        User.objects.create_user("ada")
        for number in range(7):
            copy = Setting(deployment=self.cast.other, name=f"S{number}", secret=True)
            copy.value = f"{number}"
            copy.save()
        self.file.add(Fernet.generate_key().decode(), first=True)
        with mock.patch("encryption.rotation.BATCH", 2):
            result = reencrypt(keys())
        self.assertEqual((result.changed, result.unreadable), (9, []))
        self.assertEqual(Push.objects.count(), 4)
