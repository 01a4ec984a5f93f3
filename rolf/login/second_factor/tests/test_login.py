"""A login with the second factor, and ways around it that must not exist."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from unittest import mock

from django.db import connection
from django.test import (
    Client,
    RequestFactory,
    TestCase,
    TransactionTestCase,
    override_settings,
)

from accounts.login_throttle import FREE
from api.models import Token
from api.tests.caller import Caller, made
from audit.models import Entry
from database import clock
from encryption.fernet import DecryptionError
from history.models import Change
from login.models import Session
from login.second_factor.middleware import missing_step
from login.second_factor.models import Authenticator, RecoveryCode

from .enrolled import PASSWORD, account, code, logged_in, recovery_codes

VERIFY = "/sign-in/second-factor/"


@override_settings(LOGIN_SECOND_FACTOR="optional")
class Login(TestCase):
    """Accounts that have an authenticator app."""

    @classmethod
    def setUpTestData(cls):
        cls.ada = account(is_superuser=True, is_staff=True)
        cls.codes = recovery_codes(cls.ada)

    def verify(self, client, given, **more):
        return client.post(VERIFY, {"code": given, **more})

    def assert_locked(self, client):
        for address in ("/", "/people/", "/tokens/new/", "/admin/", "/account/second-factor/"):
            response = client.get(address)
            self.assertEqual(response.status_code, 302, address)
            self.assertIn(VERIFY, response["Location"])

    def test_password_alone_opens_no_page(self):
        self.assert_locked(logged_in())

    def test_password_alone_changes_nothing(self):
        client = logged_in()
        response = client.post("/tokens/new/", {"name": "mine", "level": 1})
        self.assertRedirects(response, VERIFY)
        self.assertEqual(Token.objects.count(), 0)

    def test_htmx_request_opens_the_page_of_the_code(self):
        response = logged_in().get("/search/?q=a", headers={"HX-Request": "true"})
        self.assertEqual(response["HX-Redirect"], VERIFY)

    def test_code_opens_the_wanted_page(self):
        client = logged_in()
        asked = client.get("/tokens/?a=b")
        page = client.get(asked["Location"])
        self.assertContains(page, 'name="next" value="/tokens/?a=b"')
        response = self.verify(client, code(), next=page.context["next"])
        self.assertRedirects(response, "/tokens/?a=b")

    def test_code_leads_to_no_other_site(self):
        client = logged_in()
        for wanted in ("https://example.com/", "//example.com/", "javascript:alert(1)"):
            self.assertEqual(client.get(VERIFY, {"next": wanted}).context["next"], "/")
        response = self.verify(client, code(), next="https://example.com/")
        self.assertRedirects(response, "/")

    def test_code_gives_the_session_a_new_key(self):
        client = logged_in()
        before = client.session.session_key
        self.verify(client, code())
        self.assertNotEqual(client.session.session_key, before)
        self.assertFalse(Session.objects.filter(session_key=before).exists())

    def test_spaces_in_a_code_are_ignored(self):
        client = logged_in()
        shown = code()
        self.assertEqual(self.verify(client, f" {shown[:3]} {shown[3:]} ").status_code, 302)

    def test_neighbouring_codes_are_accepted(self):
        for steps in (-1, 0, 1):
            Authenticator.objects.update(last_step=-1)
            with self.subTest(steps):
                logged_in(code=code(steps))

    def test_older_codes_are_refused(self):
        for steps in (-2, 2):
            self.assertEqual(self.verify(logged_in(), code(steps)).status_code, 422)

    def test_code_is_accepted_once(self):
        shown = code()
        logged_in(code=shown)
        client = logged_in()
        self.assertContains(self.verify(client, shown), "used before", status_code=422)
        self.assert_locked(client)

    def test_code_older_than_an_accepted_one_is_refused(self):
        logged_in(code=code(1))
        self.assertEqual(self.verify(logged_in(), code(0)).status_code, 422)

    def test_code_of_another_account_is_refused(self):
        account("grace", app=False)
        with self.assertRaises(AssertionError):
            logged_in("grace", code=code())

    def test_odd_codes_are_refused(self):
        client = logged_in()
        for given in ("", "0", "١٢٣٤٥٦", "-", "\0", "9" * 40, "a-b-c-d"):
            with self.subTest(given):
                Authenticator.objects.update(last_step=-1)
                self.assertIn(self.verify(client, given).status_code, (422, 429))

    def test_wrong_codes_are_throttled_from_all_addresses(self):
        clients = [Client(REMOTE_ADDR=f"192.0.2.{number}") for number in range(FREE + 1)]
        for client in clients:
            logged_in(client=client)
        for client in clients[:FREE]:
            self.assertEqual(self.verify(client, "000000").status_code, 422)
        response = self.verify(clients[FREE], code())
        self.assertContains(response, "Too many attempts", status_code=429)
        self.assertEqual(response["Retry-After"], "1")

    def test_new_login_does_not_reset_the_throttle(self):
        client = logged_in()
        for _ in range(FREE):
            self.verify(client, "000000")
        self.assertEqual(self.verify(logged_in(), code()).status_code, 429)

    def test_recovery_code_works_once(self):
        client = logged_in()
        self.assertEqual(self.verify(client, self.codes[3].upper()).status_code, 302)
        self.assertEqual(self.verify(logged_in(), self.codes[3]).status_code, 422)
        self.assertEqual(RecoveryCode.objects.unused().count(), 9)
        self.assertTrue(Change.objects.filter(kind="second factor", name="ada").exists())

    def test_recovery_codes_are_stored_as_hashes(self):
        for row in RecoveryCode.objects.all():
            for text in self.codes:
                self.assertNotIn(text[6:], row.hashed)

    def test_key_is_stored_encrypted(self):
        from .enrolled import KEY

        self.assertNotIn(KEY, Authenticator.objects.get().key)

    def test_lost_sealing_key_accepts_no_code(self):
        client = logged_in()
        lost = mock.patch("login.second_factor.models.decrypt", side_effect=DecryptionError)
        with lost, self.assertLogs("rolf.login", "ERROR"):
            self.assertEqual(self.verify(client, code()).status_code, 422)

    def test_admins_own_login_is_no_way_around(self):
        client = Client()
        client.post("/admin/login/", {"username": "ada", "password": PASSWORD})
        self.assert_locked(client)
        self.assertContains(client.get(VERIFY), "Second factor")

    def test_session_from_before_the_factor_is_locked(self):
        grace = account("grace", app=False)
        client = logged_in("grace")
        self.assertEqual(client.get("/").status_code, 200)
        Authenticator.add(grace, "A" * 32, -1)
        self.assert_locked(client)

    def test_new_login_in_the_same_browser_needs_a_new_code(self):
        client = logged_in(code=code())
        client.post("/sign-out/")
        self.assert_locked(logged_in(client=client))

    def test_logout_needs_no_code(self):
        client = logged_in()
        self.assertRedirects(client.post("/sign-out/"), "/sign-in/")

    def test_tokens_of_the_api_need_no_code(self):
        _, text = made(self.ada)
        self.assertEqual(Caller(text).get("/api/deployments").status_code, 200)
        self.assertEqual(logged_in().get("/api/deployments").status_code, 401)

    def test_results_are_in_the_audit_log(self):
        client = logged_in()
        self.verify(client, "000000")
        self.verify(client, code())
        with self.captureOnCommitCallbacks(execute=True):
            self.verify(logged_in(), self.codes[0])
        actions = set(Entry.objects.values_list("action", flat=True))
        self.assertLessEqual(
            {
                "second_factor.failure",
                "second_factor.success",
                "second_factor.recovery_code_used",
            },
            actions,
        )
        self.assertNotIn(self.codes[0], "".join(Entry.objects.values_list("details", flat=True)))

    def test_complete_session_costs_no_query(self):
        client = logged_in(code=code())
        with self.assertNumQueries(2):  # the session and the user
            client.get("/api/nothing")

    @override_settings(LOGIN_SECOND_FACTOR="")
    def test_switched_off_nothing_asks_for_it(self):
        self.assertEqual(logged_in().get("/").status_code, 200)

    def test_central_accounts_are_never_asked(self):
        request = RequestFactory().get("/")
        request.user, request.session = self.ada, {}
        self.assertEqual(missing_step(request), "verify")
        self.ada.central = True
        self.assertIsNone(missing_step(request))


class Required(TestCase):
    """Accounts that must have a second factor."""

    def assert_enrols(self, client):
        response = client.get("/")
        self.assertRedirects(response, "/account/second-factor/?next=/")

    @override_settings(LOGIN_SECOND_FACTOR="everybody")
    def test_everybody_has_to_enrol(self):
        account(app=False)
        self.assert_enrols(logged_in())

    @override_settings(LOGIN_SECOND_FACTOR="superusers")
    def test_superusers_have_to_enrol(self):
        account(app=False)
        account("grace", app=False, is_superuser=True)
        self.assertEqual(logged_in().get("/").status_code, 200)
        self.assert_enrols(logged_in("grace"))

    @override_settings(LOGIN_SECOND_FACTOR="everybody")
    def test_nothing_else_opens_before_enrolment(self):
        account(app=False)
        client = logged_in()
        for address in ("/tokens/new/", "/account/", "/account/password/"):
            self.assertEqual(client.get(address).status_code, 302)

    @override_settings(LOGIN_SECOND_FACTOR="everybody")
    def test_old_session_shows_the_password_first(self):
        account(app=False)
        client = logged_in()
        later = clock.now() + timedelta(minutes=16)
        with mock.patch("login.second_factor.proof.clock.now", return_value=later):
            response = client.post("/account/second-factor/app/new/")
            self.assertIn(VERIFY, response["Location"])
            self.assertContains(client.get(response["Location"]), "Your password")
            self.assertEqual(client.post(VERIFY, {"password": "wrong"}).status_code, 422)
            client.post(VERIFY, {"password": PASSWORD})
            response = client.post("/account/second-factor/app/new/")
            self.assertEqual(response.status_code, 200)


@override_settings(LOGIN_SECOND_FACTOR="optional")
class Parallel(TransactionTestCase):
    """Two requests with the same code at the same moment."""

    def test_only_one_of_two_requests_is_accepted(self):
        account()
        clients = [logged_in() for _ in range(4)]
        shown = code()

        def verify(client):
            try:
                return client.post(VERIFY, {"code": shown}).status_code
            finally:
                connection.close()

        with ThreadPoolExecutor(len(clients)) as pool:
            found = sorted(pool.map(verify, clients))
        self.assertEqual(found[0], 302)
        self.assertNotIn(302, found[1:])
