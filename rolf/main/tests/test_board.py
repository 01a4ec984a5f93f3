"""The front page and the search."""

from django.contrib.auth.models import Group
from django.test import Client, TestCase
from django.urls import reverse
from django.utils import timezone

from deployments.models import Application, Category, Deployment, Grant, Level
from main.tests.cast import Cast
from pushes.models import Push


class Case(TestCase):
    """A user with permission to push one of the two deployments."""

    @classmethod
    def setUpTestData(cls):
        cls.cast = Cast()

    def setUp(self):
        self.client = self.client_of("push")

    def client_of(self, person):
        client = Client()
        client.force_login(self.cast.people[person])
        return client

    def many(self, count, category="Sites", **more):
        """Create deployments that the cast's group can push, each with some pushes."""
        group = Group.objects.get(name="may push")
        category, _ = Category.objects.get_or_create(name=category)
        for number in range(count):
            application = Application.objects.create(name=f"{category} {number}", category=category)
            made = Deployment.objects.create(application=application, name="production", **more)
            Grant.objects.create(group=group, deployment=made, level=Level.PUSH)
            for one in (1, 2):
                Push.objects.create(
                    deployment=made,
                    number=one,
                    user_name="ben",
                    comment="why",
                    state="succeeded",
                    ended=timezone.now(),
                    commit="c" * 40,
                )


class Board(Case):
    """The content of the front page."""

    def test_it_shows_what_one_may_see_and_nothing_else(self):
        page = self.client.get("/")
        self.assertContains(page, '<bdi>shop</bdi> <bdi class="where">mine</bdi>')
        self.assertNotContains(page, "other</bdi>")
        self.assertNotContains(page, "gone</bdi>")
        self.assertContains(self.client_of("superuser").get("/"), "other</bdi>")
        self.assertContains(self.client_of("no permission").get("/"), "no deployments that you can")

    def test_it_tells_the_last_push_and_what_is_live(self):
        Push.objects.create(
            deployment=self.cast.mine,
            number=3,
            user_name="anna",
            state="failed",
            comment="it <b>broke</b>",
        )
        page = self.client.get("/")
        self.assertContains(page, "push 3")
        self.assertContains(page, "it &lt;b&gt;broke&lt;/b&gt;")
        self.assertContains(page, '>2</a> <code class="commit"')

    def test_a_rollback_shows_what_it_returned_to(self):
        first, second = self.cast.mine.pushes.order_by("number")
        Push.objects.create(
            deployment=self.cast.mine,
            number=3,
            user_name="anna",
            state="succeeded",
            rollback_to=first,
            rollback_of=second,
        )
        self.assertContains(self.client.get("/"), '>1</a> <code class="commit"')

    def test_what_i_pushed_comes_first(self):
        self.assertContains(self.client.get("/"), "My recent deployments")
        self.assertNotContains(self.client_of("view").get("/"), "My recent deployments")

    def test_deprecated_ones_are_folded_away(self):
        self.many(1, category="Old", deprecated=True)
        page = self.client.get("/").content.decode()
        self.assertIn("1 deprecated", page)
        self.assertIn("Old 0 production", page.partition("<details")[2])

    def test_as_many_queries_for_many(self):
        self.client.get("/")
        with self.assertNumQueries(13):
            self.client.get("/")
        self.many(70)
        with self.assertNumQueries(13):
            page = self.client.get("/")
        self.assertContains(page, "page 1 of 3")
        self.assertContains(self.client.get("/?page=2"), "page 2 of 3")
        self.assertContains(self.client.get("/?page=99"), "page 3 of 3")
        self.assertContains(self.client.get("/?page=x"), "page 1 of 3")

    def test_a_category_is_shown_alone(self):
        self.many(60)
        self.many(1, category="Services")
        services = Category.objects.get(name="Services")
        page = self.client.get("/", {"category": services.pk})
        self.assertContains(page, "Services 0")
        self.assertNotContains(page, "Sites 1 ")
        self.assertEqual(self.client.get("/?category=x").status_code, 200)

    def test_a_script_gets_the_board_alone(self):
        page = self.client.get("/", headers={"HX-Request": "true"})
        self.assertNotContains(page, "<html")
        self.assertContains(page, "shop")

    def test_an_empty_rolf_leads_to_the_first_deployment(self):
        boss = self.client_of("superuser")
        new = f'href="{reverse("deployments:new")}"'
        self.assertContains(boss.get("/"), f'<a class="button" {new}>')
        Deployment.objects.update(deleted=timezone.now())
        page = boss.get("/")
        self.assertContains(page, "There are no deployments yet.")
        self.assertContains(page, f'<a class="button primary" {new}>')

    def test_an_ended_session_redirects_the_whole_page(self):
        page = Client().get("/", headers={"HX-Request": "true"})
        self.assertEqual((page.status_code, page["HX-Refresh"]), (200, "true"))


class Search(Case):
    """Search by name."""

    def test_every_word_is_in_a_name(self):
        for words, found in [
            ("shop", True),
            ("SHOP mine", True),
            ("mine site", True),
            ("other", False),
            ("gone", False),
            ("shop nowhere", False),
        ]:
            with self.subTest(words):
                page = self.client.get("/search/", {"q": words})
                self.assertEqual(self.cast.mine.get_absolute_url() in page.content.decode(), found)
                self.assertNotContains(page, self.cast.other.get_absolute_url())

    def test_a_search_announces_the_number_of_results(self):
        for words, counted in (("shop", "1 found"), ("nowhere", "0 found"), ("", "")):
            page = self.client.get("/search/", {"q": words}, headers={"HX-Request": "true"})
            self.assertContains(page, f'<p hx-swap-oob="innerHTML:#counted">{counted}</p>')

    def test_recipes_are_found(self):
        self.assertContains(self.client.get("/search/", {"q": "gree"}), "/cookbook/of/greet/")

    def test_what_is_asked_for_is_text(self):
        page = self.client.get("/search/", {"q": "<script>"})
        self.assertContains(page, "&lt;script&gt;")
        self.assertContains(page, "No deployment or recipe that you can see")
