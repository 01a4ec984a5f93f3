"""OpenID Connect with a provider that makes every mistake."""

import base64
import hashlib
from datetime import timedelta
from importlib.util import find_spec
from time import time
from unittest import SkipTest, mock
from urllib.parse import parse_qs, urlsplit

from django.contrib.auth import get_user_model
from django.test import Client, TestCase, override_settings

from accounts.models import Group
from audit import events
from audit.models import Entry
from encryption.fernet import DecryptionError
from login.configuration.groups import group_mapping
from login.confirmation import is_confirmed
from login.models import Identity, Session

if not find_spec("mozilla_django_oidc"):
    raise SkipTest("requirements/login-oidc.in is not installed")

from .environment import Environment
from .openid_provider import OTHER_KEY, provider

User = get_user_model()
START, BACK = "/sign-in/oidc/", "/sign-in/oidc/callback/"


class OpenIdCase(TestCase):
    """A Rolf with a provider."""

    def setUp(self):
        self.provider = self.enterContext(provider())
        settings = {
            **self.provider.settings(),
            "LOGIN_METHODS": ["local", "oidc"],
            "LOGIN_GROUPS": group_mapping(Environment(LOGIN_GROUPS_PREFIX="rolf-")),
            "AUTHENTICATION_BACKENDS": [
                "login.methods.local.Backend",
                "login.methods.oidc.Backend",
            ],
            "ROOT_URLCONF": "login.tests.openid_urls",
        }
        self.enterContext(override_settings(**settings))

    def begin(self, client, **query):
        """Go to the provider; return what it is asked."""
        response = client.get(START, query)
        self.assertEqual(response.status_code, 302)
        self.assertTrue(response["Location"].startswith(f"{self.provider.address}/authorize?"))
        sent = {name: value[0] for name, value in _query(response).items()}
        self.provider.nonce = sent["nonce"]
        return sent

    def log_in(self, client=None, **query):
        """Log in as the provider says; return the client and the answer of the callback."""
        client = client or Client()
        sent = self.begin(client, **query)
        return client, client.get(BACK, {"code": "code", "state": sent["state"]})

    def assert_refused(self, message="The answer of the provider is not valid"):
        client, response = self.log_in()
        self.assertRedirects(response, "/sign-in/", fetch_redirect_response=False)
        self.assertContains(client.get("/sign-in/"), message)
        self.assertFalse(User.objects.exists())
        self.assertEqual(client.get("/account/").status_code, 302)


def _query(response):
    return parse_qs(urlsplit(response["Location"]).query)


class LoginByOpenId(OpenIdCase):
    """A provider that works."""

    def test_person_has_groups_name_and_address(self):
        _, response = self.log_in()
        self.assertRedirects(response, "/")
        ada = User.objects.get()
        self.assertEqual((ada.username, ada.get_full_name()), ("ada", "Ada Lovelace"))
        self.assertEqual(ada.email, "ada@example.org")
        self.assertEqual([group.name for group in ada.groups.all()], ["rolf-web"])
        self.assertEqual(Identity.objects.get().subject, "7")
        self.assertEqual(Session.objects.get(user=ada).method, "oidc")

    def test_request_has_pkce_state_and_nonce(self):
        client = Client()
        sent = self.begin(client)
        self.assertEqual(sent["code_challenge_method"], "S256")
        self.assertEqual(sent["response_type"], "code")
        client.get(BACK, {"code": "code", "state": sent["state"]})
        [form] = [form for path, form in self.provider.requests if path == "/token"]
        digest = hashlib.sha256(form["code_verifier"][0].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        self.assertEqual(sent["code_challenge"], challenge)

    def test_renamed_person_keeps_the_account(self):
        self.log_in()
        self.provider.claims["preferred_username"] = "ada.lovelace"
        self.log_in()
        self.assertEqual(User.objects.get().username, "ada")

    def test_wanted_page_is_opened_afterwards(self):
        _, response = self.log_in(next="/account/")
        self.assertRedirects(response, "/account/")

    def test_login_leads_to_no_other_site(self):
        for wanted in ("https://example.com/", "//example.com/", "/\\example.com"):
            _, response = self.log_in(next=wanted)
            self.assertEqual(response["Location"], "/")

    def test_groups_claim_may_be_nested_or_a_text(self):
        for claims, name in [
            ({"realm_access": {"roles": ["rolf-a"]}}, "realm_access.roles"),
            ({"https://example.org/groups": ["rolf-a"]}, "https://example.org/groups"),
            ({"groups": "rolf-a"}, "groups"),
            ({"groups": ["rolf-a", 7, None, {"x": 1}]}, "groups"),
        ]:
            del self.provider.claims["groups"]
            self.provider.claims.update(claims)
            with self.subTest(name), override_settings(OIDC_GROUPS=name):
                self.log_in()
                self.assertEqual(User.objects.get().groups.get().name, "rolf-a")
            self.provider.claims["groups"] = []

    def test_tokens_are_stored_encrypted(self):
        self.log_in()
        self.assertNotIn("refresh-1", str(Identity.objects.get().details))

    def test_deactivated_account_stays_closed(self):
        self.log_in()
        User.objects.update(is_active=False)
        client, _ = self.log_in()
        self.assertContains(client.get("/sign-in/"), "This account is deactivated.")

    def test_name_of_a_local_superuser_is_not_taken_over(self):
        User.objects.create_superuser("Ada")
        client, _ = self.log_in()
        self.assertContains(client.get("/sign-in/"), "Rolf has an account Ada")

    def test_password_form_never_reaches_the_provider(self):
        Client().post("/sign-in/?code=stolen&state=x", {"username": "ada", "password": "x"})
        self.assertEqual(self.provider.requests, [])


class HostileOpenId(OpenIdCase):
    """Answers that are not in order."""

    def change(self, **claims):
        self.provider.id_token = claims

    def test_wrong_nonce_is_refused(self):
        self.change(nonce="another")
        self.assert_refused()

    def test_missing_nonce_is_refused(self):
        self.change(nonce=None)
        self.assert_refused()

    def test_token_of_another_issuer_is_refused(self):
        self.change(iss="https://evil.example.org")
        self.assert_refused()

    def test_token_for_another_client_is_refused(self):
        for claims in ({"aud": "other"}, {"aud": ["rolf", "other"], "azp": "other"}):
            self.change(**claims)
            self.assert_refused()

    def test_token_with_a_missing_claim_is_refused(self):
        for name in ("iss", "sub", "aud", "exp", "iat"):
            with self.subTest(name):
                self.change(**{name: None})
                self.assert_refused()

    def test_token_of_another_key_is_refused(self):
        self.provider.key = OTHER_KEY
        self.assert_refused()

    def test_token_of_an_unknown_key_is_refused(self):
        self.provider.key_id = "2"
        self.assert_refused()

    def test_token_need_not_name_the_only_key(self):
        self.provider.key_id = None
        self.provider.more_keys = [{"kty": "RSA", "kid": "2", "use": "enc"}]
        _, response = self.log_in()
        self.assertRedirects(response, "/")

    def test_token_without_a_key_among_several_is_refused(self):
        self.provider.key_id = None
        self.provider.more_keys = [{"kty": "RSA", "kid": "2"}]
        self.assert_refused()

    def test_unsigned_token_is_refused(self):
        self.provider.algorithm = "none"
        self.assert_refused()

    def test_token_signed_with_the_shared_secret_is_refused(self):
        self.provider.key, self.provider.algorithm = "shared" * 8, "HS256"
        self.assert_refused()

    def test_old_token_is_refused(self):
        self.change(exp=time() - 90, iat=time() - 400)
        self.assert_refused()

    def test_token_from_the_future_is_refused(self):
        self.change(iat=time() + 90)
        self.assert_refused()

    def test_a_minute_of_clock_skew_is_accepted(self):
        for skew in (-50, 50):
            self.change(iat=time() + skew, exp=time() + skew)
            _, response = self.log_in()
            self.assertRedirects(response, "/")

    def test_user_info_of_another_person_is_refused(self):
        self.change(sub="8")
        self.assert_refused()

    def test_endless_subject_is_refused(self):
        self.provider.claims["sub"] = "7" * 256
        self.assert_refused("The central login did not name you.")

    def test_missing_name_is_refused(self):
        del self.provider.claims["preferred_username"]
        self.assert_refused("cannot be a user name in Rolf")

    def test_missing_groups_claim_means_no_group(self):
        self.log_in()
        del self.provider.claims["groups"]
        with self.assertLogs("rolf.login", "WARNING"):
            self.log_in()
        self.assertFalse(User.objects.get().groups.exists())

    def test_unusable_answers_are_refused(self):
        for path in ("/token", "/userinfo", "/jwks"):
            for status in (
                (200, "<html>"),
                (200, "[]"),
                (200, "{}"),
                (400, {"error": "invalid_grant"}),
            ):
                with self.subTest(path=path, status=status):
                    self.provider.status = {path: status}
                    self.assert_refused()

    def test_provider_that_fails_is_named(self):
        self.provider.status = {"/token": (503, "")}
        self.assert_refused("The provider cannot be reached")

    def test_provider_that_is_away_is_named(self):
        with override_settings(OIDC_OP_TOKEN_ENDPOINT="http://127.0.0.1:1/"):
            self.assert_refused("The provider cannot be reached")

    def test_state_works_once_and_in_its_browser_only(self):
        client = Client()
        sent = self.begin(client)
        answer = {"code": "code", "state": sent["state"]}
        self.assertEqual(Client().get(BACK, answer)["Location"], "/sign-in/")
        self.assertEqual(client.get(BACK, answer)["Location"], "/")
        asked = len(self.provider.requests)
        client.post("/sign-out/")
        self.assertEqual(client.get(BACK, answer)["Location"], "/sign-in/")
        self.assertEqual(client.get(BACK, {**answer, "state": "x"})["Location"], "/sign-in/")
        self.assertEqual(client.get(BACK)["Location"], "/sign-in/")
        self.assertEqual(len(self.provider.requests), asked)

    def test_answer_of_another_issuer_is_refused(self):
        client = Client()
        sent = self.begin(client)
        answer = {"code": "code", "state": sent["state"], "iss": "https://evil.example.org"}
        self.assertEqual(client.get(BACK, answer)["Location"], "/sign-in/")
        self.assertEqual(self.provider.requests, [])

    def test_link_with_an_error_logs_nobody_out(self):
        client, _ = self.log_in()
        client.get(BACK, {"error": "access_denied", "state": "x"})
        self.assertEqual(client.get("/account/").status_code, 200)

    def test_denied_login_is_named(self):
        client = Client()
        sent = self.begin(client)
        client.get(BACK, {"error": "access_denied", "state": sent["state"]})
        self.assertContains(client.get("/sign-in/"), "The provider did not log you in.")

    def test_failures_are_in_the_audit_log(self):
        events._throttle.clear()
        self.change(nonce="another")
        with self.captureOnCommitCallbacks(execute=True):
            self.assert_refused()
        entry = Entry.objects.get(action="login.failure")
        self.assertEqual(entry.outcome, "answer")

    def test_a_flood_of_answers_is_one_row(self):
        events._throttle.clear()
        for _ in range(6):
            with self.captureOnCommitCallbacks(execute=True):
                Client().get(BACK, {"error": "access_denied"})
        self.assertEqual(Entry.objects.filter(action="login.failure").count(), 1)
        events._throttle.clear()


class OpenIdConfirmation(OpenIdCase):
    """What becomes of a person who has gone, or left a group."""

    def setUp(self):
        super().setUp()
        self.log_in()
        self.ada = User.objects.get()
        self.age(900)

    def age(self, seconds):
        """Let the last confirmation be that old."""
        identity = Identity.objects.get()
        identity.confirmed -= timedelta(seconds=seconds)
        identity.asked = None
        identity.save()

    def groups(self):
        return [group.name for group in Group.objects.filter(user=self.ada)]

    def test_refresh_token_confirms_the_groups(self):
        self.provider.claims["groups"] = ["rolf-dns"]
        self.assertTrue(is_confirmed(self.ada))
        self.assertEqual(self.groups(), ["rolf-dns"])

    def test_groups_of_the_id_token_are_confirmed(self):
        del self.provider.claims["groups"]  # as Entra ID
        self.provider.id_token = {"groups": ["rolf-web", "rolf-dns"]}
        self.assertTrue(is_confirmed(self.ada))
        self.assertCountEqual(self.groups(), ["rolf-dns", "rolf-web"])

    def test_id_token_of_another_person_confirms_nothing(self):
        del self.provider.claims["groups"]
        self.provider.id_token = {"groups": ["rolf-all"], "sub": "8"}
        with self.assertLogs("rolf.login", "WARNING"):
            is_confirmed(self.ada)
        self.assertEqual(self.groups(), ["rolf-web"])

    def test_unusable_keys_change_nothing(self):
        del self.provider.claims["groups"]
        for answer in ({"keys": []}, {}, [], "<html>"):
            self.provider.status = {"/jwks": (200, answer)}
            Identity.objects.update(unreachable=None, asked=None)
            with self.subTest(answer), self.assertLogs("rolf.login", "WARNING"):
                self.assertTrue(is_confirmed(self.ada))
        self.assertEqual(self.groups(), ["rolf-web"])

    def test_groups_that_only_a_login_shows_need_a_login(self):
        del self.provider.claims["groups"]
        self.age(-300)
        self.assertTrue(is_confirmed(self.ada))
        self.assertEqual(self.groups(), ["rolf-web"])
        self.age(300)
        self.assertFalse(is_confirmed(self.ada))

    def test_person_without_groups_needs_no_claim(self):
        self.provider.claims["groups"] = []
        self.assertTrue(is_confirmed(self.ada))
        del self.provider.claims["groups"]
        self.age(900)
        with self.assertLogs("rolf.login", "WARNING"):
            self.assertTrue(is_confirmed(self.ada))

    def test_new_refresh_token_replaces_the_old_one(self):
        self.provider.refresh_token = "refresh-2"  # noqa: S105
        self.assertTrue(is_confirmed(self.ada))
        self.age(900)
        self.assertTrue(is_confirmed(self.ada))
        forms = [form for path, form in self.provider.requests if path == "/token"]
        used = [form["refresh_token"][0] for form in forms if "refresh_token" in form]
        self.assertEqual(used, ["refresh-1", "refresh-2"])

    def test_revoked_person_loses_groups_and_sessions(self):
        self.provider.status = {"/token": (400, {"error": "invalid_grant"})}
        self.assertFalse(is_confirmed(self.ada))
        self.assertEqual(self.groups(), [])
        self.assertFalse(Session.objects.filter(user=self.ada).exists())

    def test_provider_away_leaves_the_session(self):
        for status in ((503, ""), (400, {"error": "invalid_client"}), (200, "<html>")):
            self.provider.status = {"/token": status}
            Identity.objects.update(unreachable=None, asked=None)
            with self.subTest(status), self.assertLogs("rolf.login", "WARNING"):
                self.assertTrue(is_confirmed(self.ada))
        self.assertEqual(self.groups(), ["rolf-web"])

    def test_user_info_of_another_person_changes_nothing(self):
        self.provider.claims = {**self.provider.claims, "sub": "8", "groups": ["rolf-all"]}
        with self.assertLogs("rolf.login", "WARNING"):
            is_confirmed(self.ada)
        self.assertEqual(self.groups(), ["rolf-web"])

    def test_access_token_confirms_where_there_is_no_refresh_token(self):
        self.provider.refresh_token = None
        self.log_in()
        self.age(400)
        self.provider.claims["groups"] = ["rolf-dns"]
        self.assertTrue(is_confirmed(self.ada))
        self.assertEqual(self.groups(), ["rolf-dns"])

    def test_expired_access_token_ends_the_session_in_time(self):
        self.provider.refresh_token = None
        self.log_in()
        self.provider.status = {"/userinfo": (401, "")}
        self.age(600)
        self.assertTrue(is_confirmed(self.ada))
        self.age(600)
        self.assertFalse(is_confirmed(self.ada))

    def test_lost_key_of_the_tokens_ends_the_session_in_time(self):
        with mock.patch("login.openid.tokens.decrypt", side_effect=DecryptionError):
            self.assertFalse(is_confirmed(self.ada))
