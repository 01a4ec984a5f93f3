"""A push pushes what its page showed: a worker checks that before and after it is queued."""

from contextlib import ExitStack
from datetime import timedelta
from unittest import mock

from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from api.tests.caller import Caller, made
from deployments.models import Deployment, Flag, Stage, Survey
from pushes import services, surveys

from ..models import Push, Worker
from ..run import runner
from ..run.survey import answer
from .test_run_survey import TIED
from .test_run_survey import Case as Surveys

NOBODY = "0" * 40


class Case(Surveys):
    """A worker that answers at once, a user with permission to push, and the page's commit."""

    def setUp(self):
        super().setUp()
        self.user = get_user_model().objects.create_superuser("boss")
        Stage.objects.create(deployment=self.deployment, name="clone", recipe="git-clone")
        Worker.objects.create(name="awake", machine="here", pid=1, beat=timezone.now())
        ask = self.unanswered = surveys.ask

        def answered(deployment, ref=""):
            survey = ask(deployment, ref)
            answer(survey.pk)
            return survey

        self.enterContext(mock.patch.object(surveys, "ask", answered))
        self.client = Client()
        self.client.force_login(self.user)

    def post(self, **more):
        """Press Push."""
        return self.client.post(reverse("pushes:push-new", args=[self.deployment.pk]), more)

    def call(self, **asked):
        """Ask the API for a push."""
        caller = Caller(made(self.user)[1])
        return caller.post(f"/api/deployments/{self.deployment.pk}/pushes", asked)

    def asked(self):
        return self.deployment.pushes.first()


class OnThePage(Case):
    """The form of a push."""

    def test_carries_the_commit_that_the_page_shows(self):
        self.look()
        page = self.client.get(self.deployment.get_absolute_url()).content.decode()
        self.assertInHTML(
            f'<input type="hidden" name="shown_commit" value="{self.third}" form="push-form">', page
        )

    def test_what_was_shown_is_pushed(self):
        self.post(ref="main", shown_ref="main", shown_commit=self.third)
        self.assertEqual((self.asked().ref, self.asked().commit), ("main", self.third))

    def test_a_branch_that_has_moved_is_asked_about(self):
        fourth = self.commit("4")
        page = self.post(ref="main", shown_ref="main", shown_commit=self.third, comment="kept")
        self.assertContains(
            page, f"main is at {fourth[:8]} now, no longer at {self.third[:8]}", status_code=409
        )
        self.assertContains(page, f'name="shown_commit" value="{fourth}"', status_code=409)
        self.assertContains(page, "kept", status_code=409)
        self.assertIsNone(self.asked())
        self.post(ref="main", shown_ref="main", shown_commit=fourth)
        self.assertEqual(self.asked().commit, fourth)

    def test_the_branch_of_the_deployment_may_be_left_out(self):
        fourth = self.commit("4")
        self.assertEqual(self.post(shown_ref="main", shown_commit=self.third).status_code, 409)
        self.assertEqual(self.post(shown_ref="main", shown_commit=fourth).status_code, 302)

    def test_the_commit_of_another_ref_is_not_compared(self):
        self.git("branch", "other", self.first)
        self.assertEqual(
            self.post(ref="other", shown_ref="main", shown_commit=self.third).status_code, 302
        )

    def test_refused_for_another_ref_it_shows_what_is_there(self):
        self.git("branch", "other", self.first)
        page = self.post(ref="other", shown_ref="other", shown_commit=self.third)
        self.assertContains(page, f'name="shown_commit" value="{self.first}"', status_code=409)

    def test_an_unknown_branch_makes_no_push(self):
        for ref in ("mian", "refs/heads/mian", "v1.0", NOBODY, "abcdef1"):
            page = self.post(ref=ref)
            self.assertContains(page, f"{ref}", status_code=422)
            self.assertContains(page, "has no ", status_code=422)
            self.assertIsNone(self.asked())

    def test_a_commit_of_no_branch_is_pushed(self):
        self.git("checkout", "-q", "--detach")
        away = self.commit("away")
        self.git("checkout", "-q", "main")
        self.git("config", "uploadpack.allowAnySHA1InWant", "true")
        self.assertEqual(self.post(ref=away).status_code, 302)

    def test_no_git_stage_nothing_to_look_for(self):
        self.deployment.stages.update(recipe="", code="echo\n")
        self.assertEqual(self.post(ref="anything").status_code, 302)

    def test_nobody_waits_where_no_worker_lives(self):
        Worker.objects.all().delete()
        self.assertEqual(self.post(ref="main").status_code, 302)

    def test_stages_and_flags_that_have_changed_are_asked_about(self):
        for change in (
            lambda: Stage.objects.create(
                deployment=self.deployment, name="more", code="echo\n", position=1
            ),
            lambda: Flag.objects.create(deployment=self.deployment, name="LOUD"),
            lambda: Flag.objects.update(default="1"),
        ):
            seen = self.client.get(self.deployment.get_absolute_url()).context["form"]["seen"]
            change()
            page = self.post(ref="main", seen=seen.value())
            self.assertContains(page, "have changed since you opened this page", status_code=422)
            self.assertNotContains(page, seen.value(), status_code=422)
            self.assertIsNone(self.asked())

    def test_a_tied_deployments_definition_may_be_read_meanwhile(self):
        (self.work / "deploy").mkdir()
        (self.work / "deploy/deployments.toml").write_text(
            TIED.replace('"greet", ', "").replace("TOKEN = { secret = true }\n", "")
        )
        self.git("add", ".")
        fourth = self.commit("4")
        self.deployment.tied_to = "production"
        self.deployment.save()
        page = self.client.get(self.deployment.get_absolute_url())
        self.assertNotIn("seen", page.context["form"].fields)
        self.assertEqual(self.post(shown_ref="main", shown_commit=self.third).status_code, 409)
        self.assertEqual(self.post(shown_ref="main", shown_commit=fourth).status_code, 302)


class ThroughTheApi(Case):
    """An API request that names its commit."""

    def test_a_branch_that_has_moved_is_a_conflict(self):
        fourth = self.commit("4")
        answered = self.call(commit=self.third)
        self.assertEqual(answered.status_code, 409)
        self.assertEqual(answered.json()["commit"], fourth)
        self.assertIsNone(answered.json()["push"])
        self.assertIsNone(self.asked())
        self.assertEqual(self.call(commit=fourth).status_code, 202)

    def test_an_unknown_branch_makes_no_push(self):
        answered = self.call(ref="mian")
        self.assertEqual(answered.status_code, 422)
        self.assertIn("has no branch, tag or commit mian", answered.json()["detail"])
        self.assertIsNone(self.asked())

    def test_a_commit_is_given_in_full(self):
        for commit in (self.third[:12], "main", f"{self.third}\n", "-x"):
            self.assertEqual(self.call(commit=commit).status_code, 422, commit)

    def test_without_ref_and_commit_nobody_looks(self):
        self.assertEqual(self.call().status_code, 202)
        self.assertFalse(Survey.objects.exists())


class WhenItBegins(Case):
    """A push that was queued while the branch moved."""

    def test_what_was_not_shown_is_not_pushed(self):
        push = services.queue_push(self.deployment, self.user, commit=self.third)
        fourth = self.commit("4")
        Push.objects.update(state="running")
        runner.run_claimed(push.pk)
        push.refresh_from_db()
        self.assertEqual((push.number, push.state), (None, "cancelled"))
        self.assertIn(f"main is at {fourth[:8]} now", push.reason)


class ManyRequests(Case):
    """If one user sends many requests, threads and workers stay free for other deployments."""

    def setUp(self):
        super().setUp()
        self.enterContext(mock.patch.object(surveys, "PATIENCE", 0))
        self.enterContext(mock.patch.object(surveys, "ask", self.unanswered))
        self.other = Deployment.objects.create(
            application=self.deployment.application, name="staging"
        )

    def test_many_refs_leave_workers_to_other_deployments(self):
        with self.captureOnCommitCallbacks() as tasks:
            asked = [surveys.ask(self.deployment, f"ref-{number}") for number in range(20)]
            self.assertTrue(surveys.ask(self.other).pk)
        self.assertEqual(
            (len(tasks), self.deployment.surveys.count()), (surveys.OPEN + 1, surveys.OPEN)
        )
        self.assertIn("wait for a worker already", asked[-1].fault)
        self.assertEqual(surveys.ask(self.deployment, "ref-0"), asked[0])
        self.assertContains(self.post(ref="ref-20"), "wait for a worker already", status_code=422)
        page = self.client.post(
            reverse("pushes:survey", args=[self.deployment.pk]),
            {"ref": "ref-20"},
            headers={"HX-Request": "true"},
        )
        self.assertContains(page, "wait for a worker already")

    def test_many_requests_leave_threads_to_other_deployments(self):
        with ExitStack() as stack:
            for _ in range(surveys.WAITING):
                stack.enter_context(surveys._waiting_place(self.deployment))
            self.assertContains(self.post(ref="main"), "requests wait", status_code=422)
            self.assertFalse(self.deployment.surveys.exists())
            self.assertIsNone(surveys.look(self.other))  # it waited, and no worker answered
        self.assertIsNone(surveys.look(self.deployment))
        self.assertEqual(surveys._waiting, {})

    def test_nobody_waits_for_a_look_while_a_push_is_active(self):
        services.queue_push(self.deployment, self.user)
        self.assertEqual(self.post(ref="main").status_code, 302)
        self.assertFalse(self.deployment.surveys.exists())


class OpenTabs(Case):
    """A page that stays open."""

    def test_news_say_nothing_where_nothing_is_old(self):
        survey = self.look()
        address = reverse("pushes:survey", args=[self.deployment.pk])
        shown = {"ref": "main", "seen": survey.asked.timestamp()}
        headers = {"HX-Request": "true"}
        self.assertEqual(self.client.get(address, shown, headers=headers).status_code, 204)
        self.live(self.third)
        page = self.client.get(address, shown, headers=headers)
        self.assertContains(page, 'hx-trigger="load, submit"')

    def test_an_old_look_is_repeated_when_somebody_comes_back(self):
        survey = self.look()
        Survey.objects.update(answered=timezone.now() - timedelta(minutes=6))
        page = self.client.get(
            reverse("pushes:survey", args=[self.deployment.pk]),
            {"ref": "main", "seen": survey.asked.timestamp()},
        )
        self.assertContains(page, 'hx-trigger="load, submit"')

    def test_a_rollback_without_new_commits_says_so(self):
        survey = self.look()
        Survey.objects.update(since=survey.commit)
        page = self.client.get(
            reverse("pushes:survey", args=[self.deployment.pk]), {"ref": "main", "rollback": "1"}
        )
        self.assertContains(page, "no commits change")
        self.assertNotContains(page, "shown_commit")

    def test_another_tabs_look_is_shown(self):
        shown = {"ref": "main", "seen": self.look().asked.timestamp()}
        fourth = self.commit("4")
        self.look()
        page = self.client.get(reverse("pushes:survey", args=[self.deployment.pk]), shown)
        self.assertContains(page, fourth)
        self.assertNotContains(page, 'hx-trigger="load, submit"')
