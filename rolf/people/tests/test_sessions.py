"""People see and end their sessions."""

from datetime import timedelta

from django.contrib.auth import get_user_model
from django.test import Client, TestCase
from django.urls import reverse

from database import clock
from login.browsers import describe
from login.models import Session
from login.session_store import SessionStore
from pushes.live import follow
from worker import periodic

User = get_user_model()
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


class Sessions(TestCase):
    """Two sessions of a user, one of another and one of a superuser."""

    def setUp(self):
        self.ada = User.objects.create_user("ada", password="correct horse")
        self.grace = User.objects.create_user("grace", password="correct horse")
        self.root = User.objects.create_superuser("root", password="correct horse")
        self.mine, self.other = self.client_of("ada"), self.client_of("ada")

    def client_of(self, name):
        client = Client(headers={"User-Agent": FIREFOX}, REMOTE_ADDR="192.0.2.7")
        form = {"username": name, "password": "correct horse"}
        client.post(reverse("accounts:login"), form)
        return client

    def end(self, client, of):
        number = Session.objects.get(pk=of.session.session_key).number
        return client.post(reverse("people:session-end", args=[number])).status_code

    def sees(self, client):
        return client.get(reverse("people:account")).status_code == 200

    def test_the_account_page_lists_them(self):
        page = self.mine.get(reverse("people:account"))
        self.assertContains(page, "Firefox on Linux", count=3)  # one has a button that names it
        self.assertContains(page, "192.0.2.7", count=2)
        self.assertContains(page, "this one", count=1)
        self.assertNotContains(page, self.other.session.session_key)

    def test_a_visitor_has_a_session_for_an_hour_only(self):
        visitor = SessionStore()
        visitor["CASNEXT"] = "/"
        visitor.save()
        rows = Session.objects.filter(user=None)
        self.assertLess(rows.get().expire_date, clock.now() + timedelta(minutes=61))
        self.assertTrue(SessionStore(visitor.session_key)["CASNEXT"])
        Session.objects.filter(user=self.ada).update(expire_date=clock.now())
        rows.update(expire_date=clock.now() - timedelta(seconds=1))
        Session.objects.remove_expired()
        left = Session.objects.values_list("user__username", flat=True)
        self.assertEqual(sorted(left), [])
        self.assertTrue(self.sees(self.client_of("grace")))

    def test_expired_sessions_are_removed_each_hour(self):
        Session.objects.update(expire_date=clock.now() - timedelta(seconds=1))
        periodic.run("sessions")
        self.assertFalse(Session.objects.exists())

    def test_ending_one_ends_its_streams(self):
        key = self.other.session.session_key
        self.assertEqual(self.end(self.mine, self.other), 302)
        self.assertFalse(follow._user(key).is_authenticated)
        self.assertEqual((self.sees(self.mine), self.sees(self.other)), (True, False))

    def test_ending_all_others_keeps_this_one(self):
        grace = self.client_of("grace")
        self.mine.post(reverse("people:sessions-end"))
        self.assertEqual([self.sees(one) for one in (self.mine, self.other, grace)], [1, 0, 1])

    def test_only_superusers_end_those_of_others(self):
        grace, root = self.client_of("grace"), self.client_of("root")
        self.assertEqual(self.end(grace, self.mine), 404)
        self.assertContains(root.get(reverse("people:sessions")), "192.0.2.7", count=4)
        self.assertEqual(self.end(root, self.mine), 302)
        self.assertFalse(self.sees(self.mine))

    def test_a_login_changes_the_key(self):
        client = Client()
        client.get(reverse("accounts:login"))
        before = client.session.session_key
        client.force_login(self.ada)
        self.assertNotEqual(client.session.session_key, before)

    def test_a_changed_password_keeps_one_row(self):
        form = {"old_password": "correct horse"}
        form |= {"new_password1": "battery staple 9", "new_password2": "battery staple 9"}
        self.mine.post(reverse("people:account-password"), form)
        self.assertEqual((self.sees(self.mine), self.sees(self.other)), (True, False))


class Browsers(TestCase):
    """What a User-Agent stands for."""

    def test_an_unknown_browser_is_called_so(self):
        self.assertEqual(describe(""), "an unknown browser")
        self.assertEqual(describe("x Chrome/1 Safari/1 Edg/1 Windows"), "Edge on Windows")
