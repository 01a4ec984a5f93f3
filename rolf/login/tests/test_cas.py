"""CAS with a server that makes every mistake."""

from datetime import timedelta
from unittest import SkipTest
from urllib.parse import parse_qs, urlsplit

from django.apps import apps
from django.contrib.auth import get_user_model
from django.test import Client, TestCase, override_settings

from audit.models import Entry
from login.configuration.groups import group_mapping
from login.models import Identity, Session

if not apps.is_installed("django_cas_ng"):
    raise SkipTest("requirements/login-cas.in is not installed")

from .cas_server import DOCUMENT, LOGOUT, server
from .environment import Environment

User = get_user_model()
PAGE = "/sign-in/cas/"


class LoginByCas(TestCase):
    """A Rolf with a CAS server."""

    def setUp(self):
        self.server = self.enterContext(server())
        self.enterContext(
            override_settings(
                **{
                    **self.server.settings(),
                    "LOGIN_METHODS": ["local", "cas"],
                    "LOGIN_GROUPS": group_mapping(Environment(LOGIN_GROUPS_PREFIX="rolf-")),
                    "AUTHENTICATION_BACKENDS": [
                        "login.methods.local.Backend",
                        "login.methods.cas.Backend",
                    ],
                    "ROOT_URLCONF": "login.tests.cas_urls",
                }
            )
        )

    def begin(self, client, **query):
        """Go to the server; return the address that it would send people back to."""
        response = client.get(PAGE, query)
        self.assertEqual(response.status_code, 302)
        self.assertTrue(response["Location"].startswith(f"{self.server.address}/login?"))
        [service] = parse_qs(urlsplit(response["Location"]).query)["service"]
        return service

    def log_in(self, client=None, *, ticket="ST-1", **query):
        """Log in with the ticket; return the client and the answer."""
        client = client or Client()
        self.begin(client, **query)
        return client, client.get(PAGE, {"ticket": ticket})

    def assert_refused(self, message, **more):
        client, response = self.log_in(**more)
        self.assertRedirects(response, "/sign-in/", fetch_redirect_response=False)
        self.assertContains(client.get("/sign-in/"), message)
        self.assertFalse(User.objects.exists())
        self.assertEqual(client.get("/account/").status_code, 302)

    def test_person_has_groups_name_and_address(self):
        _, response = self.log_in()
        self.assertRedirects(response, "/")
        ada = User.objects.get()
        self.assertEqual((ada.username, ada.get_full_name()), ("ada", "Ada Lovelace"))
        self.assertEqual(ada.email, "ada@example.org")
        self.assertEqual([group.name for group in ada.groups.all()], ["rolf-web"])
        self.assertEqual(Session.objects.get(user=ada).method, "cas")

    def test_every_spelling_is_one_account(self):
        self.log_in()
        self.server.tickets = {"ST-2": "ADA"}
        self.log_in(ticket="ST-2")
        self.assertEqual(User.objects.get().username, "ada")

    def test_attribute_can_be_the_subject(self):
        self.server.attributes["id"] = ["0007"]
        with override_settings(CAS_SUBJECT="id"):
            self.log_in()
        self.assertEqual(Identity.objects.get().subject, "0007")

    def test_missing_subject_is_refused(self):
        with override_settings(CAS_SUBJECT="id"):
            self.assert_refused("The central login did not name you.")

    def test_missing_groups_mean_no_group(self):
        self.log_in()
        self.server.tickets, self.server.attributes = {"ST-2": "ada"}, {}
        self.log_in(ticket="ST-2")
        self.assertFalse(User.objects.get().groups.exists())

    def test_forged_ticket_is_refused(self):
        self.assert_refused("CAS did not accept the login", ticket="ST-forged")

    def test_ticket_works_once(self):
        self.log_in()
        client, _ = self.log_in()
        self.assertContains(client.get("/sign-in/"), "CAS did not accept the login")

    def test_link_with_a_ticket_logs_nobody_in(self):
        response = Client().get(PAGE, {"ticket": "ST-1"})
        self.assertTrue(response["Location"].startswith(f"{self.server.address}/login?"))
        self.assertEqual(self.server.requests, [])

    def test_service_is_the_same_for_every_page(self):
        for query in ({}, {"next": "/account/"}, {"next": "https://example.com/"}):
            self.assertEqual(self.begin(Client(), **query), f"http://testserver{PAGE}")

    @override_settings(LOGIN_METHODS=["cas"])
    def test_only_provider_is_opened_at_once_except_after_a_form(self):
        client = Client()
        page = client.get("/account/")["Location"]
        self.assertEqual(client.get(page)["Location"], f"{PAGE}?next=%2Faccount%2F")
        page = client.post("/tokens/new/")["Location"]
        self.assertContains(client.get(page), "Nothing was changed")

    def test_wanted_page_is_opened_afterwards(self):
        _, response = self.log_in(next="/account/?a=b")
        self.assertRedirects(response, "/account/?a=b")

    def test_login_leads_to_no_other_site(self):
        wanted = ["https://example.com/", "//example.com/", "/\\example.com", "javascript:alert(1)"]
        for number, address in enumerate(wanted):
            self.server.tickets[f"ST-{number}"] = "ada"
            _, response = self.log_in(next=address, ticket=f"ST-{number}")
            self.assertEqual(response["Location"], "/", address)
            again = self.log_in(ticket=f"ST-{number}", next=address)[0]
            self.assertFalse(again.session.get("_auth_user_id"))

    def test_foreign_referer_is_no_target(self):
        client = Client(headers={"referer": "https://example.com/"})
        self.assertEqual(self.log_in(client)[1]["Location"], "/")

    def test_unusable_answers_are_refused(self):
        for body in ("", "<html>", "yes\nada\n", DOCUMENT.format(""), "<!DOCTYPE x [<!ENTITY a '"):
            with self.subTest(body):
                self.server.reply = (200, body)
                self.assert_refused("The answer of CAS is not valid")

    def test_nested_entities_are_refused(self):
        entities = "".join(
            f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "ha"}">' for n in range(12)
        )
        success = (
            "<cas:authenticationSuccess><cas:user>&e11;</cas:user></cas:authenticationSuccess>"
        )
        self.server.reply = (200, f"<!DOCTYPE x [{entities}]>{DOCUMENT.format(success)}")
        self.assert_refused("The answer of CAS is not valid")

    def test_server_that_fails_is_named(self):
        self.server.reply = (503, "")
        self.assert_refused("CAS cannot be reached")

    def test_server_that_is_away_is_named(self):
        client = Client()
        self.begin(client)
        with override_settings(CAS_SERVER_URL="http://127.0.0.1:1/"):
            client.get(PAGE, {"ticket": "ST-1"})
        self.assertContains(client.get("/sign-in/"), "CAS cannot be reached")

    def test_name_of_a_local_superuser_is_not_taken_over(self):
        User.objects.create_superuser("Ada")
        client, _ = self.log_in()
        self.assertContains(client.get("/sign-in/"), "Rolf has an account Ada")

    def test_password_form_never_reaches_the_server(self):
        Client().post("/sign-in/?ticket=ST-1", {"username": "ada", "password": "x"})
        self.assertEqual(self.server.requests, [])

    def test_session_ends_without_a_new_login(self):
        client, _ = self.log_in()
        self.assertEqual(client.get("/account/").status_code, 200)
        identity = Identity.objects.get()
        identity.confirmed -= timedelta(seconds=901)
        identity.save()
        self.assertEqual(client.get("/account/").status_code, 302)

    def test_single_log_out_ends_the_session(self):
        client, _ = self.log_in()
        other = Client()
        request = f'<?xml version="1.0" encoding="UTF-8"?>{LOGOUT.format("ST-1")}'
        with self.captureOnCommitCallbacks(execute=True):
            response = other.post(PAGE, {"logoutRequest": request})
        self.assertEqual(response.status_code, 200)
        self.assertEqual(client.get("/account/").status_code, 302)
        self.assertEqual(Entry.objects.get(action="session.ended").user_name, "ada")

    def test_log_out_of_an_unknown_ticket_ends_nothing(self):
        client, _ = self.log_in()
        for ticket in ("ST-2", "", "%", "ST-1' OR 1=1 --"):
            response = Client().post(PAGE, {"logoutRequest": LOGOUT.format(ticket)})
            self.assertEqual(response.status_code, 200)
        self.assertEqual(client.get("/account/").status_code, 200)

    def test_unusable_log_out_is_refused(self):
        file = f'{"<!DOCTYPE x [<!ENTITY a SYSTEM "}"file:///etc/passwd">]>{LOGOUT.format("&a;")}'
        for text in ("<", "x", "é", file):
            with self.subTest(text):
                response = Client().post(PAGE, {"logoutRequest": text})
                self.assertIn(response.status_code, (200, 400))
                self.assertNotContains(response, "root:", status_code=response.status_code)
        self.assertEqual(Client().post(PAGE).status_code, 405)

    def test_a_login_that_was_begun_takes_one_ticket(self):
        client, _ = self.log_in(ticket="ST-wrong")
        response = client.get(PAGE, {"ticket": "ST-1"})
        self.assertTrue(response["Location"].startswith(f"{self.server.address}/login?"))
        self.assertFalse(User.objects.exists())

    def test_a_large_log_out_costs_no_query(self):
        tickets = "".join(f"<samlp:SessionIndex>{n}</samlp:SessionIndex>" for n in range(20_000))
        text = LOGOUT.format(f"ST-1</samlp:SessionIndex>{tickets}<samlp:SessionIndex>")
        with self.assertNumQueries(0):
            response = Client().post(PAGE, {"logoutRequest": text})
        self.assertEqual(response.status_code, 413)
