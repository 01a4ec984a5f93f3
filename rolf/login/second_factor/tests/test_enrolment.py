"""The pages of a user's own second factor, and its reset."""

import re
from datetime import timedelta
from io import StringIO
from unittest import mock

from django.core.management import CommandError, call_command
from django.test import TestCase, override_settings
from django_otp_webauthn.models import WebAuthnCredential

from audit.models import Entry
from database import clock
from history.models import Change
from login.models import Session
from login.second_factor.models import CODES, Authenticator, RecoveryCode
from login.second_factor.proof import RECENT

from .enrolled import account, code, logged_in, recovery_codes

FACTORS = "/account/second-factor/"
APP = f"{FACTORS}app/new/"


def passkey(user, name="laptop"):
    """Create a passkey that no browser has."""
    return WebAuthnCredential.objects.create(
        user=user, name=name, credential_id=name.encode(), public_key=b"key"
    )


def shown_key(page):
    """Return the key that the page of the app shows."""
    return re.search("<code>([A-Z2-7 ]+)</code>", page.content.decode())[1].replace(" ", "")


@override_settings(LOGIN_SECOND_FACTOR="optional")
class Enrolment(TestCase):
    """An account that has no second factor yet."""

    @classmethod
    def setUpTestData(cls):
        cls.ada = account(app=False)

    def add_app(self, client):
        key = shown_key(client.post(APP))
        return client.post(APP, {"code": code(key=key)})

    def test_qr_code_needs_no_inline_style_or_script(self):
        page = logged_in().post(APP)
        self.assertContains(page, "<svg viewBox=")
        self.assertNotContains(page, "style=")
        self.assertNotContains(page, "<script>")
        self.assertIn("no-store", page["Cache-Control"])

    def test_key_stays_after_a_wrong_code(self):
        client = logged_in()
        key = shown_key(client.post(APP))
        page = client.post(APP, {"code": "000000"})
        self.assertEqual(page.status_code, 422)
        self.assertEqual(shown_key(page), key)
        self.assertFalse(Authenticator.objects.exists())

    def test_key_is_new_each_time(self):
        client = logged_in()
        self.assertNotEqual(shown_key(client.post(APP)), shown_key(client.post(APP)))

    def test_session_keeps_the_key_encrypted(self):
        client = logged_in()
        key = shown_key(client.post(APP))
        self.assertNotIn(key, str(dict(client.session)))

    def test_first_factor_shows_recovery_codes_once(self):
        client = logged_in()
        page = self.add_app(client)
        self.assertEqual(len(page.context["codes"]), CODES)
        self.assertContains(page, page.context["codes"][0])
        self.assertIn("no-store", page["Cache-Control"])
        self.assertNotContains(client.get(FACTORS), page.context["codes"][0])
        self.assertContains(client.get(FACTORS), "10 of your recovery codes are left")

    def test_code_of_the_enrolment_opens_no_session(self):
        client = logged_in()
        key = shown_key(client.post(APP))
        shown = code(key=key)
        client.post(APP, {"code": shown})
        other = logged_in()
        response = other.post("/sign-in/second-factor/", {"code": shown})
        self.assertEqual(response.status_code, 422)

    def test_enrolled_session_goes_on(self):
        client = logged_in()
        self.add_app(client)
        self.assertEqual(client.get("/").status_code, 200)

    def test_first_factor_ends_other_sessions(self):
        other, client = logged_in(), logged_in()
        self.add_app(client)
        self.assertEqual(Session.objects.filter(user=self.ada).count(), 1)
        self.assertRedirects(other.get("/account/"), "/sign-in/?next=/account/")

    def test_new_app_replaces_the_old_one(self):
        client = logged_in()
        self.add_app(client)
        response = self.add_app(client)
        self.assertRedirects(response, FACTORS)
        self.assertEqual(Authenticator.objects.count(), 1)

    def test_enrolment_is_in_the_history(self):
        self.add_app(logged_in())
        change = Change.objects.get(kind="second factor")
        self.assertEqual((change.name, change.by), ("ada", self.ada))
        self.assertEqual(change.before, {"app": False, "passkeys": [], "recovery codes": 0})
        self.assertEqual(change.after, {"app": True, "passkeys": [], "recovery codes": 10})

    def test_changes_need_a_recent_proof(self):
        client = logged_in()
        later = clock.now() + RECENT + timedelta(seconds=1)
        with mock.patch("login.second_factor.proof.clock.now", return_value=later):
            self.assertIn("/sign-in/second-factor/", client.post(APP)["Location"])

    def test_central_account_has_no_factor_here(self):
        client = logged_in()
        self.ada.central = True
        self.ada.save()
        with mock.patch("login.methods.local.Backend.user_can_authenticate", return_value=True):
            self.assertContains(client.get(FACTORS), "You log in centrally")
            self.assertEqual(client.post(APP).status_code, 403)


@override_settings(LOGIN_SECOND_FACTOR="optional")
class Removal(TestCase):
    """An account with an app and a passkey."""

    @classmethod
    def setUpTestData(cls):
        cls.ada = account()
        cls.passkey = passkey(cls.ada)
        recovery_codes(cls.ada)
        cls.address = f"{FACTORS}passkeys/{cls.passkey.pk}/remove/"

    def setUp(self):
        self.client = logged_in(code=code())

    def test_last_factor_takes_the_recovery_codes_with_it(self):
        self.assertRedirects(self.client.post(self.address), FACTORS)
        self.assertEqual(RecoveryCode.objects.count(), 10)
        self.assertContains(self.client.get(f"{FACTORS}app/remove/"), "your last one")
        self.client.post(f"{FACTORS}app/remove/")
        self.assertEqual(RecoveryCode.objects.count(), 0)

    @override_settings(LOGIN_SECOND_FACTOR="everybody")
    def test_last_required_factor_stays(self):
        self.client.post(self.address)
        self.assertEqual(self.client.post(f"{FACTORS}app/remove/").status_code, 422)
        self.assertTrue(Authenticator.objects.exists())

    def test_passkey_of_another_account_is_unknown(self):
        account("grace", app=False)
        self.assertEqual(logged_in("grace").post(self.address).status_code, 404)

    def test_new_recovery_codes_end_the_old_ones(self):
        old = set(RecoveryCode.objects.values_list("hashed", flat=True))
        page = self.client.post(f"{FACTORS}recovery-codes/")
        self.assertEqual(len(page.context["codes"]), CODES)
        self.assertFalse(old & set(RecoveryCode.objects.values_list("hashed", flat=True)))

    def test_account_without_factor_gets_no_recovery_codes(self):
        account("grace", app=False)
        self.assertRedirects(logged_in("grace").post(f"{FACTORS}recovery-codes/"), FACTORS)
        self.assertEqual(RecoveryCode.objects.count(), 10)


@override_settings(LOGIN_SECOND_FACTOR="superusers")
class Reset(TestCase):
    """A person lost the phone."""

    @classmethod
    def setUpTestData(cls):
        cls.ada = account(is_superuser=True)
        cls.grace = account("grace")
        passkey(cls.grace)
        recovery_codes(cls.grace)
        cls.address = f"/people/{cls.grace.pk}/second-factor/reset/"

    def assert_has_none(self):
        for model in (Authenticator, WebAuthnCredential, RecoveryCode):
            self.assertFalse(model.objects.filter(user=self.grace).exists())
        self.assertFalse(Session.objects.filter(user=self.grace).exists())

    def test_superuser_resets_the_factor_of_a_person(self):
        theirs = logged_in("grace", code=code(-1))
        client = logged_in(code=code())
        self.assertContains(client.get(self.address), "Reset the second factor")
        with self.captureOnCommitCallbacks(execute=True):
            self.assertRedirects(client.post(self.address), "/people/")
        self.assert_has_none()
        self.assertRedirects(theirs.get("/account/"), "/sign-in/?next=/account/")
        change = Change.objects.filter(kind="second factor").first()
        self.assertEqual((change.name, change.by, change.after["app"]), ("grace", self.ada, False))
        entry = Entry.objects.get(action="second_factor.reset")
        self.assertEqual((entry.target, entry.user_name), ("grace", "ada"))

    def test_nobody_else_resets_it(self):
        account("eve", app=False)
        self.assertEqual(logged_in("eve").post(self.address).status_code, 403)
        self.assertTrue(Authenticator.objects.filter(user=self.grace).exists())

    def test_command_resets_it_on_the_server(self):
        logged_in("grace", code=code())
        out = StringIO()
        call_command("reset_second_factor", "GRACE", stdout=out)
        self.assert_has_none()
        self.assertIn("grace has no second factor now", out.getvalue())
        self.assertEqual(Change.objects.get(name="grace").by_name, "command line")

    def test_command_names_an_unknown_account(self):
        with self.assertRaisesMessage(CommandError, "There is no account nobody."):
            call_command("reset_second_factor", "nobody")
