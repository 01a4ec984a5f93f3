"""Create, show, use and revoke tokens."""

import re
from datetime import timedelta

from django.test import TestCase
from django.utils import timezone

from api.models import Token, digest
from deployments.models import Level
from history.models import Change
from main.tests.cast import Cast

from .caller import Caller, made


class Pages(TestCase):
    """The pages of tokens."""

    @classmethod
    def setUpTestData(cls):
        cls.cast = Cast()

    def setUp(self):
        self.user = self.cast.people["push"]
        self.client.force_login(self.user)
        self.asked = {
            "name": "the build server",
            "level": Level.PUSH,
            "reach": "chosen",
            "chosen": [self.cast.mine.pk],
            "lasts": "90",
        }

    def make(self, **more):
        page = self.client.post("/tokens/new/", self.asked | more)
        return page, re.search(r"rolf_[\w-]{43}", page.content.decode())

    def test_it_is_shown_once_and_kept_as_a_digest(self):
        page, shown = self.make()
        text = shown.group()
        token = Token.objects.get(name="the build server")
        self.assertEqual(token.digest, digest(text))
        self.assertTrue(text.startswith(token.hint))
        self.assertIn("no-store", page["Cache-Control"])
        for field in Token._meta.fields:
            self.assertNotEqual(getattr(token, field.attname), text)
        self.assertNotContains(self.client.get("/tokens/"), text)
        self.assertEqual(Caller(text).get("/api/deployments").status_code, 200)

    def test_it_expires_after_ninety_days_unless_asked_otherwise(self):
        self.make()
        expires = Token.objects.get(name="the build server").expires
        self.assertAlmostEqual(
            expires, timezone.now() + timedelta(days=90), delta=timedelta(minutes=1)
        )
        self.make(name="the other one", lasts="0")
        self.assertIsNone(Token.objects.get(name="the other one").expires)

    def test_only_what_one_sees_can_be_chosen(self):
        page, shown = self.make(chosen=[self.cast.other.pk])
        self.assertIsNone(shown)
        self.assertEqual(page.status_code, 200)
        self.assertNotContains(self.client.get("/tokens/new/"), "shop other")

    def test_a_token_that_opens_nothing_is_not_made(self):
        self.assertIsNone(self.make(chosen=[])[1])

    def test_none_lets_anybody_edit(self):
        self.assertIsNone(self.make(level=Level.EDIT)[1])

    def test_its_name_is_shown_as_it_was_written(self):
        page, shown = self.make(name="<script>alert(1)</script>")
        self.assertTrue(shown)
        for shows in (page, self.client.get("/tokens/")):
            self.assertNotContains(shows, "<script>alert")
            self.assertContains(shows, "&lt;script&gt;alert")

    def test_revoked_it_opens_nothing_any_more(self):
        text = self.make()[1].group()
        token = Token.objects.get(name="the build server")
        self.assertEqual(self.client.get(f"/tokens/{token.pk}/revoke/").status_code, 200)
        self.assertEqual(Caller(text).get("/api/deployments").status_code, 200)
        self.client.post(f"/tokens/{token.pk}/revoke/")
        self.assertEqual(Caller(text).get("/api/deployments").status_code, 401)

    def test_the_history_tells_who_made_and_revoked_it_but_not_the_token(self):
        self.make()
        token = Token.objects.get(name="the build server")
        self.client.post(f"/tokens/{token.pk}/revoke/")
        revoked, created = Change.objects.filter(kind="token", name=token.name)
        self.assertEqual((created.verb, revoked.verb), ("created", "revoked"))
        self.assertEqual(created.by, self.user)
        self.assertEqual(created.after["deployments"], ["shop mine"])
        self.assertNotIn(token.digest, repr([created.after, revoked.before, revoked.after]))

    def test_what_one_does_not_see_any_more_is_not_named(self):
        self.make()
        self.assertContains(self.client.get("/tokens/"), "shop mine")
        self.user.groups.clear()
        self.assertNotContains(self.client.get("/tokens/"), "shop mine")

    def test_i_see_mine_and_a_superuser_sees_everybodys(self):
        Token.objects.filter(user=self.cast.people["edit"]).update(name="of somebody else")
        self.assertNotContains(self.client.get("/tokens/"), "of somebody else")
        self.client.force_login(self.cast.people["superuser"])
        self.assertContains(self.client.get("/tokens/"), "of somebody else")

    def test_a_thousand_tokens_take_as_many_queries_as_one(self):
        self.make()
        with self.assertNumQueries(4):  # session, user, tokens, what they reach
            self.client.get("/tokens/")
        for number in range(20):
            token = Token.objects.create(user=self.user, name="t", digest=str(number), hint="rolf_")
            token.chosen.set([self.cast.mine])
        with self.assertNumQueries(4):
            self.client.get("/tokens/")


class Use(TestCase):
    """The time of a token's last use."""

    @classmethod
    def setUpTestData(cls):
        cls.cast = Cast()

    def setUp(self):
        self.token, text = made(self.cast.people["push"])
        self.caller = Caller(text)

    def used(self):
        self.caller.get("/api/deployments")
        self.token.refresh_from_db()
        return self.token.used

    def test_the_last_use_is_kept_at_most_once_a_minute(self):
        first = self.used()
        self.assertIsNotNone(first)
        self.assertEqual(self.used(), first)
        Token.objects.update(used=first - timedelta(minutes=2))
        self.assertGreater(self.used(), first)

    def test_a_refused_token_was_not_used(self):
        Token.objects.filter(pk=self.token.pk).update(revoked=timezone.now())
        self.assertIsNone(self.used())

    def test_a_token_loses_what_its_person_loses(self):
        address = f"/api/deployments/{self.cast.mine.pk}"
        self.assertEqual(self.caller.get(address).status_code, 200)
        self.cast.people["push"].groups.clear()
        self.assertEqual(self.caller.get(address).status_code, 404)
