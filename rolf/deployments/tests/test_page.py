"""The page of a deployment: its state, and the push form."""

from django.urls import reverse

from deployments.models import Setting
from pushes.models import Push
from pushes.tests.chunked import push_with_log
from pushes.tests.test_pages import Case


class PushPage(Case):
    """The page for users with different permissions, and its form."""

    def setUp(self):
        self.client = self.client_of("push")
        self.page = reverse("pushes:deployment", args=[self.deployment.pk])
        self.form = reverse("pushes:push-new", args=[self.deployment.pk])

    def test_a_push_is_one_click(self):
        answer = self.client.post(
            self.form,
            {"comment": "all of it", "ref": "main", "flag-SHOUT": "on", "skip": [], "step": "on"},
        )
        push = Push.objects.active().get()
        self.assertRedirects(answer, push.get_absolute_url())
        self.assertEqual(
            (push.comment, push.ref, push.flags, push.step),
            ("all of it", "main", {"SHOUT": "1"}, True),
        )

    def test_every_fault_is_reported_at_the_form(self):
        self.deployment.stages.create(name="lost", recipe="nowhere", position=1)
        answer = self.client.post(self.form, {"ref": "main", "comment": "kept"})
        self.assertContains(answer, "No recipe is called &quot;nowhere&quot;", status_code=422)
        self.assertContains(answer, "kept", status_code=422)
        self.assertFalse(Push.objects.active().exists())

    def test_stages_of_another_deployment_cannot_be_skipped(self):
        answer = self.client.post(self.form, {"ref": "main", "skip": ["rm -rf"]})
        self.assertEqual(answer.status_code, 422)

    def test_who_may_only_look_sees_no_form(self):
        page = self.client_of("view").get(self.page)
        self.assertNotContains(page, self.form)
        self.assertNotContains(page, ">Push</button>")

    def test_no_setting_is_on_the_page_of_who_may_push(self):
        Setting.objects.create(deployment=self.deployment, name="QUIET_ONE", text="unseen")
        for person in ("view", "push"):
            page = self.client_of(person).get(self.page)
            self.assertNotContains(page, "QUIET_ONE")
            self.assertNotContains(page, "unseen")

    def test_a_look_at_the_repository_is_asked_for_by_a_post(self):
        address = reverse("pushes:survey", args=[self.deployment.pk])
        self.deployment.surveys.all().delete()
        self.client.get(address, {"ref": "new-till"})
        self.assertFalse(self.deployment.surveys.exists())
        self.client.post(address, {"ref": "new-till"})
        self.assertEqual(self.deployment.surveys.get().ref, "new-till")

    def test_as_many_queries_for_many_pushes(self):
        self.client.get(self.page)
        with self.assertNumQueries(12):
            self.client.get(self.page)
        for number in range(3, 60):
            push_with_log(self.deployment, b"", number=number, state="failed")
        with self.assertNumQueries(12):
            self.client.get(self.page)

    def test_older_pushes_are_a_page_away(self):
        for number in range(3, 60):
            push_with_log(self.deployment, b"", number=number, state="failed")
        page = self.client.get(self.page).content.decode()
        self.assertIn("Older pushes", page)
        oldest = self.deployment.pushes.order_by("pk")[40]
        page = self.client.get(
            reverse("pushes:pushes", args=[self.deployment.pk]), {"before": oldest.pk}
        ).content.decode()
        self.assertIn(f">{oldest.number - 1}</a>", page)
        self.assertNotIn(f">{oldest.number}</a>", page)

    def test_what_runs_is_reported_above_the_form(self):
        running = Push.objects.create(deployment=self.deployment, user_name="anna")
        before, form, _ = self.client.get(self.page).content.decode().partition(self.form)
        self.assertTrue(form)
        self.assertIn(f'id="now-active" href="{running.get_absolute_url()}"', before)
        news = self.client.get(self.page, headers={"HX-Request": "true"})
        self.assertContains(news, 'id="now" aria-labelledby="now-heading" hx-swap-oob="true"')

    def test_a_refused_push_says_so_in_its_title(self):
        self.assertNotContains(self.client.get(self.page), "Not done")
        self.deployment.stages.create(name="lost", recipe="nowhere", position=1)
        answer = self.client.post(self.form, {"ref": "main"})
        self.assertContains(answer, "<title>Not done · shop mine</title>", status_code=422)

    def test_a_refused_pushs_address_leads_to_the_page(self):
        self.assertRedirects(self.client.get(self.form), self.page)
