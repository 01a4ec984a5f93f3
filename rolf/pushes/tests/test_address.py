"""The URL of a push: its number, or its primary key while it has no number."""

from django.urls import NoReverseMatch, reverse

from pushes.models import Push

from .test_pages import Case

PARTS = ["lines/", "search/", "news/", "log"]


class Addresses(Case):
    """A deployment whose pushes have numbers that differ from their primary keys."""

    def setUp(self):
        self.client = self.client_of("edit")
        self.page = self.deployment.get_absolute_url()

    def at(self, path):
        return f"{self.page}pushes/{path}"

    def queued(self):
        return Push.objects.create(deployment=self.deployment, user_name="anna")

    def test_it_is_the_number(self):
        push = self.logged(b"x\n", number=7)
        self.assertNotEqual(push.pk, 7)
        self.assertEqual(push.get_absolute_url(), self.at("7/"))
        self.assertContains(self.client.get(self.at("7/")), ">Push 7</h1>")
        for part in PARTS:
            self.assertEqual(self.client.get(self.at(f"7/{part}")).status_code, 200, part)
            self.assertEqual(self.client.get(self.at(f"8/{part}")).status_code, 404, part)

    def test_a_push_without_a_number_has_its_key_there(self):
        push = self.queued()
        self.assertEqual(push.get_absolute_url(), self.at(f"asked-{push.pk}/"))
        self.assertContains(self.client.get(push.get_absolute_url()), "A push that is queued")

    def test_open_pages_go_on_when_it_gets_its_number(self):
        push = self.queued()
        early = push.get_absolute_url()
        Push.objects.filter(pk=push.pk).update(number=8, state="running")
        self.assertRedirects(
            self.client.get(early, {"line": 3, "q": "a b"}), f"{self.at('8/')}?line=3&q=a+b"
        )
        for part in PARTS:
            self.assertEqual(self.client.get(f"{early}{part}").status_code, 200, part)
        self.assertEqual(self.client.get(f"{early}news/").json()["address"], "8")
        self.assertRedirects(self.client.post(f"{early}cancel/"), self.at("8/"))

    def test_an_address_of_old_leads_to_the_push(self):
        push = self.logged(b"x\n", number=7)
        self.assertRedirects(
            self.client.get(self.at(f"{push.pk}/"), {"line": 1}), f"{self.at('7/')}?line=1"
        )

    def test_an_address_of_old_changes_nothing(self):
        push = self.logged(b"x\n", number=7, state="running", ended=None)
        for part in ("cancel/", "resume/", "rollback/", "decide/"):
            answer = self.client.post(self.at(f"{push.pk}/{part}"))
            self.assertEqual(answer.status_code, 404, part)

    def test_another_deployments_push_is_not_there(self):
        theirs = self.cast.other.pushes.first()
        for address in (theirs.pk, f"asked-{theirs.pk}", theirs.number):
            for part in ("", *PARTS):
                self.assertEqual(
                    self.client.get(self.at(f"{address}/{part}")).status_code, 404, address
                )

    def test_what_names_no_push_is_not_there(self):
        for address in (
            "0",
            "007",
            "-1",
            "1" * 16,
            "9" * 15,
            "asked-",
            "asked-0",
            f"asked-{'9' * 15}",
            "asked-x",
            "٣",
            "1.0",
            "%2e%2e",
        ):
            self.assertEqual(self.client.get(self.at(f"{address}/")).status_code, 404, address)

    def test_two_deployments_have_push_1(self):
        ours, theirs = (
            one.pushes.order_by("number").first() for one in (self.deployment, self.cast.other)
        )
        Push.objects.filter(pk=theirs.pk).update(number=ours.number)
        client = self.client_of("superuser")
        for push in (ours, theirs):
            page = client.get(f"{push.deployment.get_absolute_url()}pushes/{ours.number}/")
            self.assertEqual(page.context["push"], push)

    def test_a_push_of_the_command_line_has_no_page(self):
        with self.assertRaises(NoReverseMatch):
            reverse("pushes:push", args=[self.deployment.pk, Push(deployment=self.deployment)])

    def test_a_kept_log_is_named_after_the_number(self):
        self.logged(b"x\n", number=7)
        answer = self.client.get(self.at("7/log"), {"download": ""})
        self.assertIn('filename="push-7.log"', answer["Content-Disposition"])
