"""What a provider no longer confirms ends in time."""

from datetime import timedelta

from django.contrib.auth import get_user_model
from django.test import Client, TestCase
from django.urls import reverse

from api.models import Token
from deployments.models import Level
from login.accept import accept
from login.confirmation import is_confirmed
from login.group_mapping import GroupMapping
from login.methods import Outside, Unreachable
from login.models import Identity, Session
from pushes.live import follow

from .provider import BACKEND, NAME, Provider, provided

User = get_user_model()
WEB = GroupMapping(names=frozenset({"web"}))


def later(**time):
    """Let time pass for all identities."""
    for identity in Identity.objects.all():
        for field in ("confirmed", "asked", "unreachable"):
            if at := getattr(identity, field):
                setattr(identity, field, at - timedelta(**time))
        identity.save()


class Case(TestCase):
    """A person of a provider who has logged in."""

    askable = True

    def setUp(self):
        self.provider = Provider("web") if self.askable else None
        self.enterContext(provided(self.provider, LOGIN_GROUPS=WEB))
        self.ada = accept(NAME, "1", "ada", groups=["web"])
        self.client = Client()
        self.client.force_login(self.ada, BACKEND)
        self.text = self.token()

    def token(self):
        token = Token(user=self.ada, name="t", level=Level.PUSH, all_deployments=True)
        text = token.generate()
        token.save()
        return text

    def may(self):
        """Return what still works: the page, the stream and the token."""
        page = self.client.get(reverse("people:account")).status_code == 200
        stream = follow._user(self.client.session.session_key).is_authenticated
        headers = {"Authorization": f"Bearer {self.text}"}
        token = Client().get("/api/deployments", headers=headers).status_code == 200
        return page, stream, token

    def groups(self):
        return list(self.ada.groups.values_list("name", flat=True))


ALL, NOTHING = (True, True, True), (False, False, False)


class Asked(Case):
    """A provider that can be asked without the person."""

    def test_a_fresh_confirmation_asks_nobody(self):
        later(minutes=4)
        self.assertEqual(self.may(), ALL)
        self.assertEqual(self.provider.asked, 0)

    def test_the_provider_is_asked_in_time(self):
        later(minutes=6)
        self.assertEqual(self.may(), ALL)
        self.assertEqual(self.provider.asked, 1)

    def test_a_group_that_was_left_is_gone(self):
        self.provider.says = Outside()
        later(minutes=6)
        self.assertEqual(self.may(), ALL)
        self.assertEqual(self.groups(), [])

    def test_a_person_who_is_gone_loses_everything(self):
        self.provider.says = None
        later(minutes=6)
        self.assertEqual(self.may(), NOTHING)
        self.assertEqual(self.groups(), [])
        self.assertFalse(Session.objects.filter(user=self.ada).exists())
        self.assertEqual(self.provider.asked, 1)

    def test_a_person_who_returns_logs_in_again(self):
        self.provider.says = None
        later(minutes=6)
        self.may()
        accept(NAME, "1", "ada", groups=["web"])
        self.client.force_login(self.ada, BACKEND)
        self.assertEqual(self.may(), ALL)

    def test_idle_people_are_asked_about_at_once(self):
        later(days=3)
        self.assertEqual(self.may(), ALL)
        self.assertEqual(self.provider.asked, 1)

    def test_sessions_outlast_a_provider_that_is_away(self):
        self.provider.says = Unreachable
        later(minutes=16)
        with self.assertLogs("rolf.login", "WARNING"):
            self.assertEqual(self.may(), ALL)
        self.assertEqual(self.provider.asked, 1)
        later(minutes=43)
        with self.assertLogs("rolf.login", "WARNING"):
            self.assertEqual(self.may(), ALL)
        later(minutes=2)
        with self.assertLogs("rolf.login", "WARNING"):
            self.assertEqual(self.may(), NOTHING)

    def test_a_provider_that_returns_is_believed(self):
        self.provider.says = Unreachable
        later(minutes=20)
        with self.assertLogs("rolf.login", "WARNING"):
            self.may()
        later(minutes=1)
        self.provider.says = None
        self.assertEqual(self.may(), NOTHING)

    def test_requests_do_not_wait_for_a_provider_that_is_away(self):
        self.provider.says = Unreachable
        later(minutes=20)
        with self.assertLogs("rolf.login", "WARNING"):
            for _ in range(5):
                self.may()
        self.assertEqual(self.provider.asked, 1)

    def test_a_method_no_longer_chosen_ends_all(self):
        with self.settings(LOGIN_METHODS=["local"]):
            self.assertEqual(self.may(), NOTHING)

    def test_local_accounts_cost_no_query(self):
        root = User.objects.create_superuser("root")
        with self.assertNumQueries(0):
            self.assertTrue(is_confirmed(root))

    def test_deactivating_still_ends_everything(self):
        User.objects.update(is_active=False)
        self.assertEqual(self.may(), NOTHING)


class NotAsked(Case):
    """A provider that cannot be asked without the person."""

    askable = False

    def test_all_ends_without_a_new_login(self):
        later(minutes=14)
        self.assertEqual(self.may(), ALL)
        later(minutes=2)
        self.assertEqual(self.may(), NOTHING)

    def test_a_new_login_lasts_again(self):
        later(minutes=16)
        accept(NAME, "1", "ada")
        self.assertEqual(self.may(), ALL)

    def test_a_shorter_limit_ends_it_sooner(self):
        later(seconds=3)
        with self.settings(LOGIN_CONFIRM_WITHIN=2):
            self.assertEqual(self.may(), NOTHING)


class Local(TestCase):
    """A local superuser, whatever is chosen."""

    def test_a_superuser_logs_in_with_a_password(self):
        User.objects.create_superuser("root", password="correct horse")
        User.objects.create_user("ada", password="correct horse")
        with provided(None, LOGIN_METHODS=[NAME]):
            address = reverse("accounts:login")
            for name, status in (("root", 302), ("ada", 422)):
                answer = Client().post(address, {"username": name, "password": "correct horse"})
                self.assertEqual(answer.status_code, status)

    def test_a_central_account_has_no_password_here(self):
        ada = accept(NAME, "1", "ada")
        ada.set_password("correct horse")
        ada.save()
        self.assertFalse(Client().login(username="ada", password="correct horse"))
