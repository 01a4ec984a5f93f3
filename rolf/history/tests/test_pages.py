"""The page of the history."""

from django.test import TestCase

from deployments.models import Grant, Level, Setting, Stage
from history.models import PAGE, Change, record_change
from main.tests.cast import Cast


class Page(TestCase):
    """All changes, for superusers."""

    @classmethod
    def setUpTestData(cls):
        cls.cast = Cast()
        cls.user = cls.cast.people["superuser"]

    def setUp(self):
        self.client.force_login(self.user)

    def change(self, name="GREETING", by="edit", **more):
        setting = Setting(deployment=self.cast.mine, name=name)
        for field, value in more.items():
            setattr(setting, field, value)
        with record_change(self.cast.people[by], setting, self.cast.mine):
            Setting.objects.filter(deployment=self.cast.mine, name=name).delete()
            setting.save()
        return setting

    def page(self, **search):
        return self.client.get("/history/", search)

    def test_it_tells_who_changed_what_and_how(self):
        self.change("COLOUR", secret=False, value="green")
        page = self.page()
        for word in ("COLOUR", "green", "setting", "edit", "shop mine"):
            self.assertContains(page, word)

    def test_a_secret_is_reported_as_changed(self):
        self.change("PASSWORD", secret=True, value="open sesame")
        page = self.page()
        self.assertContains(page, "changed (secret)")
        self.assertNotContains(page, "sesame")
        self.assertNotContains(page, Change.objects.first().after["value"])

    def test_what_became_a_secret_was_never_reported(self):
        self.change("PASSWORD", secret=False, value="open sesame")
        self.change("COLOUR", secret=False, value="green")
        self.change("PASSWORD", secret=True, value="open sesame")
        page = self.page()
        self.assertNotContains(page, "sesame")
        self.assertContains(page, "green")

    def test_what_people_wrote_stays_text(self):
        self.change("COLOUR", secret=False, value="<b>bold</b>\n</pre><script>1</script>")
        self.assertNotContains(self.page(), "<b>bold")
        self.assertNotContains(self.page(), "<script>1")

    def test_it_has_the_words_of_the_pages(self):
        group = self.cast.people["view"].groups.get()
        grant = Grant(deployment=self.cast.other, group=group, level=Level.VIEW)
        stage = Stage(deployment=self.cast.other, name="slow", recipe="greet", timeout=5400)
        for row in (grant, stage):
            with record_change(self.user, row, self.cast.other):
                row.save()
        page = self.client.get("/history/")
        self.assertContains(page, "permission <strong>may view may view</strong>")
        self.assertContains(page, "<ins>1h30m</ins>")

    def test_it_is_searched_by_kind_person_and_deployment(self):
        self.change("COLOUR", secret=False, value="green")
        finding = [
            {"kind": "setting"},
            {"by": "edit"},
            {"deployment": "shop mine"},
            {"deployment": "MINE"},
            {"kind": "setting", "by": "edit"},
        ]
        missing = [
            {"kind": "stage"},
            {"by": "view"},
            {"deployment": "shop other"},
            {"kind": "nothing of the kind"},
        ]
        for search in finding:
            with self.subTest(search):
                self.assertContains(self.page(**search), "COLOUR")
        for search in missing:
            with self.subTest(search):
                self.assertNotContains(self.page(**search), "COLOUR")

    def test_all_pages_together_are_all_changes(self):
        Change.objects.bulk_create(
            Change(kind="stage", name=f"stage-{number}.") for number in range(2 * PAGE + 3)
        )
        found, address = "", "?kind=stage"
        for _page in range(3):
            page = self.client.get(f"/history/{address}")
            found += page.content.decode()
            older = page.context["page"].next
            address = f"?kind=stage&before={older}"
        self.assertIsNone(older)
        for number in range(2 * PAGE + 3):
            self.assertEqual(found.count(f"stage-{number}."), 1)

    def test_an_address_that_was_damaged_shows_the_newest(self):
        self.assertEqual(self.page(before="x").status_code, 200)
        self.assertEqual(self.page(before="9" * 5000).status_code, 200)

    def test_a_long_history_takes_as_many_queries_as_a_short_one(self):
        self.change()
        with self.assertNumQueries(4):  # session, user, changes, which of them are secrets by now
            self.page()
        Change.objects.bulk_create(
            Change(kind="stage", name="x", deployment=self.cast.mine, by=self.user)
            for _ in range(500)
        )
        for number in range(40):
            self.change(f"COLOUR_{number}")
        with self.assertNumQueries(4):
            self.page()
