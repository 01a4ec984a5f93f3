"""Login and logout: delays after failures, and custom back ends."""

from datetime import timedelta
from unittest import mock

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import BaseBackend
from django.test import Client, SimpleTestCase, TestCase, override_settings
from django.urls import reverse
from django.utils import timezone

from accounts.models import LoginAttempts

from .first_superuser import first_superuser
from .login_throttle import FREE, LONGEST, delay

User = get_user_model()
RIGHT = "correct horse"
WORD = "open sesame"


class Oracle(BaseBackend):
    """A custom back end: it accepts one password and creates users."""

    def authenticate(self, request, username=None, password=None):
        """Take the word."""
        if password != WORD:
            return None
        return User.objects.get_or_create(username=username)[0]

    def get_user(self, user_id):
        """Return the user, even a deactivated one."""
        return User.objects.filter(pk=user_id).first()


ORACLE = f"{__name__}.Oracle"


class SignIn(TestCase):
    """The login page."""

    @classmethod
    def setUpTestData(cls):
        cls.ada = User.objects.create_user("ada", password=RIGHT)
        cls.address = reverse("accounts:login")

    def sign_in(self, password=RIGHT, *, name="ada", client=None, **more):
        more = {"REMOTE_ADDR": "192.0.2.1", **more}
        client = client or Client()
        return client.post(self.address, {"username": name, "password": password}, **more)

    def fail(self, times=FREE, **more):
        for _ in range(times):
            self.assertEqual(self.sign_in("battery", **more).status_code, 422)

    def later(self, **time):
        now = timezone.now() + timedelta(**time)
        return mock.patch("accounts.login_throttle.clock.now", return_value=now)

    def test_the_right_password_leads_where_one_wanted_to_go(self):
        client = Client()
        asked = client.get(reverse("api:tokens"))
        self.assertRedirects(asked, f"{self.address}?next={reverse('api:tokens')}")
        page = client.get(asked["Location"])
        self.assertContains(page, f'name="next" value="{reverse("api:tokens")}"')
        answer = client.post(
            self.address, {"username": "ada", "password": RIGHT, "next": page.context["next"]}
        )
        self.assertRedirects(answer, reverse("api:tokens"))

    def test_whose_session_ended_before_a_form_was_sent_comes_back_to_its_page(self):
        client = Client()
        for came, leads in [
            ("http://testserver/people/?q=1", "/people/"),
            ("https://example.com/people/", "/"),
            ("", "/"),
        ]:
            asked = client.post("/people/new/", {}, headers={"referer": came})
            self.assertEqual(asked["Location"], f"{self.address}?next={leads}")
        self.assertContains(client.get(asked["Location"]), "Nothing was changed")

    def test_nobody_is_led_to_another_site(self):
        answer = Client().post(
            f"{self.address}?next=https://example.com/", {"username": "ada", "password": RIGHT}
        )
        self.assertRedirects(answer, reverse("main:index"))

    def test_a_wrong_password_is_reported_without_saying_what_was_wrong(self):
        known, unknown = self.sign_in("battery"), self.sign_in("battery", name="nobody")
        for answer in (known, unknown):
            self.assertContains(answer, "Wrong name or password", status_code=422)

    def test_who_was_deactivated_stays_outside(self):
        User.objects.filter(pk=self.ada.pk).update(is_active=False)
        self.assertEqual(self.sign_in().status_code, 422)

    def test_signing_out_takes_a_post(self):
        client = Client()
        self.sign_in(client=client)
        self.assertEqual(client.get(reverse("accounts:logout")).status_code, 405)
        self.assertRedirects(client.post(reverse("accounts:logout")), self.address)
        self.assertRedirects(
            client.get(reverse("people:account")),
            f"{self.address}?next={reverse('people:account')}",
        )

    def test_after_failures_one_waits(self):
        self.fail()
        answer = self.sign_in()
        self.assertContains(answer, "Too many attempts: wait 1 second.", status_code=429)
        self.assertEqual(answer["Retry-After"], "1")

    def test_what_comes_too_soon_isnt_even_looked_at(self):
        self.fail()
        with mock.patch("accounts.forms.AuthenticationForm.clean") as looks:
            self.sign_in()
        looks.assert_not_called()

    def test_a_try_counts_before_it_is_looked_at(self):
        # So that a hundred at the same moment aren't one.
        def look(form):
            seen.append(LoginAttempts.objects.get().number)
            return form.cleaned_data

        seen = []
        with (
            mock.patch("accounts.forms.AuthenticationForm.clean", look),
            mock.patch("accounts.views.LoginForm.get_user", return_value=self.ada),
        ):
            self.sign_in()
        self.assertEqual(seen, [1])

    def test_each_failure_doubles_the_delay(self):
        self.fail()
        with self.later(seconds=2):
            self.assertEqual(self.sign_in("battery").status_code, 422)
        with self.later(seconds=3):
            self.assertEqual(self.sign_in()["Retry-After"], "1")
        with self.later(seconds=2.5):
            self.assertEqual(self.sign_in()["Retry-After"], "2")

    def test_asking_while_one_waits_makes_it_no_longer(self):
        self.fail()
        for _ in range(10):
            self.assertEqual(self.sign_in()["Retry-After"], "1")
        with self.later(seconds=2):
            self.assertEqual(self.sign_in().status_code, 302)

    def test_the_right_password_resets_the_count(self):
        self.fail(FREE - 1)
        self.assertEqual(self.sign_in().status_code, 302)
        self.assertEqual(LoginAttempts.objects.count(), 0)
        self.fail(FREE)

    def test_a_day_later_all_is_forgotten(self):
        self.fail()
        with self.later(days=1, seconds=1):
            self.fail(FREE)
        self.assertEqual(LoginAttempts.objects.count(), 1)

    def test_nobody_keeps_out_somebody_else(self):
        self.fail(REMOTE_ADDR="203.0.113.9")
        self.assertEqual(self.sign_in(REMOTE_ADDR="203.0.113.9").status_code, 429)
        self.assertEqual(self.sign_in().status_code, 302)

    def test_a_network_of_ipv6_is_one_address(self):
        self.fail(REMOTE_ADDR="2001:db8::1")
        self.assertEqual(self.sign_in(REMOTE_ADDR="2001:db8::2").status_code, 429)
        self.assertEqual(self.sign_in(REMOTE_ADDR="2001:db8:0:1::1").status_code, 302)

    def test_a_client_of_version_4_is_not_its_neighbours(self):
        self.fail(REMOTE_ADDR="::ffff:203.0.113.9")
        self.assertEqual(self.sign_in(REMOTE_ADDR="::ffff:203.0.113.9").status_code, 429)
        self.assertEqual(self.sign_in(REMOTE_ADDR="203.0.113.9").status_code, 429)
        self.assertEqual(self.sign_in(REMOTE_ADDR="::ffff:203.0.113.10").status_code, 302)

    def test_other_spellings_of_a_name_have_no_tries_of_their_own(self):
        self.fail()
        for name in ("ADA", "\u00e1da", "ad\u00e0", "\uff41da"):
            self.assertEqual(self.sign_in(name=name).status_code, 429, name)

    def test_another_account_has_its_own_delay(self):
        User.objects.create_user("grace", password=RIGHT)
        self.fail()
        self.assertEqual(self.sign_in(name="grace").status_code, 302)

    def test_another_spelling_is_the_same_account(self):
        self.fail()
        self.assertEqual(self.sign_in(name="ADA").status_code, 429)

    def test_a_socket_without_addresses_will_do(self):
        self.assertEqual(self.sign_in(REMOTE_ADDR="").status_code, 302)

    def test_the_admin_is_no_way_around_it(self):
        self.fail()
        answer = Client().post(
            reverse("admin:login"), {"username": "ada", "password": RIGHT}, REMOTE_ADDR="192.0.2.1"
        )
        self.assertContains(answer, "Too many attempts")

    def test_names_that_were_typed_are_kept_nowhere(self):
        self.sign_in("ada", name="my password")
        [attempts] = LoginAttempts.objects.all()
        self.assertNotIn("password", str(vars(attempts)))


class BackEnds(TestCase):
    """A central login needs only another line in AUTHENTICATION_BACKENDS."""

    @override_settings(AUTHENTICATION_BACKENDS=[ORACLE])
    def test_another_back_end_lets_in_whom_it_knows(self):
        answer = self.client.post(reverse("accounts:login"), {"username": "ali", "password": WORD})
        self.assertRedirects(answer, reverse("main:index"))
        self.assertEqual(User.objects.get().get_username(), "ali")

    @override_settings(AUTHENTICATION_BACKENDS=[ORACLE])
    def test_a_password_that_only_rolf_knows_opens_nothing_then(self):
        User.objects.create_user("ada", password=RIGHT)
        answer = self.client.post(reverse("accounts:login"), {"username": "ada", "password": RIGHT})
        self.assertEqual(answer.status_code, 422)

    @override_settings(AUTHENTICATION_BACKENDS=[ORACLE])
    def test_the_old_password_is_its_matter_too(self):
        ada = User.objects.create_user("ada", password=RIGHT)
        self.client.force_login(ada)
        new = {"new_password1": "battery staple", "new_password2": "battery staple"}
        address = reverse("people:account-password")
        answer = self.client.post(address, {"old_password": RIGHT, **new})
        self.assertEqual(answer.status_code, 422)
        answer = self.client.post(address, {"old_password": WORD, **new})
        self.assertRedirects(answer, reverse("people:account"))

    @override_settings(AUTHENTICATION_BACKENDS=[ORACLE])
    def test_who_was_deactivated_stays_outside_whatever_it_says(self):
        User.objects.create_user("ali", is_active=False)
        answer = self.client.post(reverse("accounts:login"), {"username": "ali", "password": WORD})
        self.assertContains(answer, "This account is deactivated.", status_code=422)


class Delay(SimpleTestCase):
    """The delay after failed attempts."""

    def test_it_grows_up_to_minutes(self):
        shown = [delay(number).total_seconds() for number in range(FREE - 1, FREE + 4)]
        self.assertEqual(shown, [0, 1, 2, 4, 8])
        self.assertEqual(delay(1_000_000), LONGEST)


class First(TestCase):
    """The first superuser."""

    def test_it_is_made_where_there_is_nobody(self):
        name, password = first_superuser()
        answer = self.client.post(
            reverse("accounts:login"), {"username": name, "password": password}
        )
        self.assertRedirects(answer, reverse("main:index"))
        self.assertEqual(self.client.get(reverse("people:people")).status_code, 200)

    def test_there_is_only_one_first(self):
        self.assertIsNotNone(first_superuser())
        self.assertIsNone(first_superuser())

    def test_it_is_never_made_beside_somebody(self):
        User.objects.create_user("ada")
        self.assertIsNone(first_superuser())

    def test_its_password_is_another_each_time(self):
        _, password = first_superuser()
        User.objects.all().delete()
        self.assertNotEqual(first_superuser(), ("admin", password))
