"""The page of the audit log."""

from datetime import timedelta

from django.test import TestCase
from django.utils import timezone

import audit
from accounts.models import User
from audit.models import Entry
from history.models import PAGE


class Page(TestCase):
    """All events, for superusers."""

    @classmethod
    def setUpTestData(cls):
        cls.user = User.objects.create_superuser("grace")
        ada = User.objects.create_user("ada")
        audit.record("token.created", user=ada, target="token ci", level="push")
        audit.record("token.refused", target="token <b>old</b>", outcome="refused")
        audit.record("login.success", user=ada, method="local")
        audit.record("x.odd", names=["a", "b"], yes=True, nothing=None, number=1)
        Entry.objects.append_pending()

    def setUp(self):
        self.client.force_login(self.user)

    def shown(self, **search):
        page = self.client.get("/audit/", search)
        return [entry.action for entry in page.context["page"].rows if entry.user_name != "grace"]

    def test_it_shows_events_newest_first(self):
        self.assertEqual(self.shown(), ["x.odd", "login.success", "token.refused", "token.created"])

    def test_the_search_takes_an_action_or_all_of_a_kind(self):
        self.assertEqual(self.shown(action="token"), ["token.refused", "token.created"])
        self.assertEqual(self.shown(action="token.created"), ["token.created"])
        self.assertEqual(self.shown(action="tok"), [])

    def test_the_search_takes_user_target_and_outcome(self):
        self.assertEqual(self.shown(user="ada"), ["login.success", "token.created"])
        self.assertEqual(self.shown(target="OLD"), ["token.refused"])
        self.assertEqual(self.shown(outcome="refused"), ["token.refused"])

    def test_the_search_takes_days(self):
        today = timezone.localdate()
        self.assertEqual(len(self.shown(since=today, until=today)), 4)
        self.assertEqual(self.shown(since=today + timedelta(days=1)), [])
        self.assertEqual(self.shown(until=today - timedelta(days=1)), [])
        self.assertEqual(self.shown(since="no day"), [])

    def test_text_of_events_stays_text(self):
        page = self.client.get("/audit/")
        self.assertNotContains(page, "<b>old")
        self.assertContains(page, "a, b")
        odd = Entry.objects.get(action="x.odd").shown_details
        self.assertEqual(
            odd, [("names", "a, b"), ("nothing", "none"), ("number", "1"), ("yes", "yes")]
        )

    def test_every_page_takes_as_many_queries(self):
        for number in range(PAGE * 2):
            audit.record("x.y", number=number)
        Entry.objects.append_pending()
        first = self.client.get("/audit/")
        with self.assertNumQueries(4):  # session, user, events; and the event of this reading
            second = self.client.get("/audit/", {"before": first.context["page"].next})
        self.assertEqual(len(second.context["page"].rows), PAGE)
        self.assertContains(second, "Older events")

    def test_reading_it_is_recorded(self):
        self.client.get("/audit/")
        Entry.objects.append_pending()
        self.assertEqual(Entry.objects.first().action, "audit.read")
