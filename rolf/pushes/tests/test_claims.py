"""Which push a worker takes."""

from unittest import mock

from django.test import TestCase

from database import clock
from deployments.models import Application, Category, Deployment, Survey
from deployments.work_place import work_place
from pushes.claims import LOOKING, claim_push, claim_survey, give_back, lacks_worker
from pushes.models import Push, Worker


class Case(TestCase):
    """Deployments with and without labels, and workers."""

    def setUp(self):
        shop = Application.objects.create(
            name="shop", category=Category.objects.create(name="Sites")
        )
        self.plain, self.dmz = (
            Deployment.objects.create(application=shop, name=name, labels=labels)
            for name, labels in [("plain", ""), ("dmz", "dmz plone")]
        )
        self.any = self.worker("any")
        self.outside = self.worker("outside", labels="dmz java plone")

    def worker(self, name, **fields):
        return Worker.objects.create(
            name=name, machine="here 1", pid=1, place=work_place(), **fields
        )

    def push(self, deployment, **fields):
        return Push.objects.create(deployment=deployment, user_name="ben", **fields)


class Claims(Case):
    """A worker with a free slot."""

    def test_a_push_is_claimed_once(self):
        push = self.push(self.plain)
        self.assertEqual(claim_push(self.any), push.pk)
        self.assertIsNone(claim_push(self.outside))
        push.refresh_from_db()
        self.assertEqual((push.state, push.worker, push.claims), ("running", self.any, 1))

    def test_two_workers_that_see_a_push_run_it_once(self):
        push = self.push(self.plain)
        real = Push.objects.filter(state="queued").values_list("pk", "deployment__labels")
        seen = list(real)
        self.assertEqual(claim_push(self.any), push.pk)
        with mock.patch("django.db.models.query.QuerySet.values_list", return_value=seen):
            self.assertIsNone(claim_push(self.outside))

    def test_a_worker_needs_all_labels_of_the_deployment(self):
        self.push(self.dmz)
        half = self.worker("half", labels="dmz")
        self.assertIsNone(claim_push(self.any))
        self.assertIsNone(claim_push(half))
        self.assertIsNotNone(claim_push(self.outside))

    def test_the_push_that_waits_longest_is_first(self):
        self.push(self.plain)
        first = self.push(self.dmz, queued=clock.ago(60))
        self.assertEqual(claim_push(self.outside), first.pk)

    def test_a_push_of_another_work_directory_is_left(self):
        self.push(self.plain, resumed=True, kept_on="elsewhere:/srv/rolf 1")
        self.assertIsNone(claim_push(self.any))

    def test_a_push_that_was_given_back_is_claimed_again(self):
        push = self.push(self.plain)
        claim_push(self.any)
        push.refresh_from_db()
        self.assertTrue(give_back(push))
        self.assertEqual(claim_push(self.outside), push.pk)
        self.assertFalse(give_back(push), "another worker has it")

    def test_a_queued_push_says_that_no_worker_takes_it(self):
        push = self.push(self.dmz)
        self.assertEqual(lacks_worker(push), "")
        Worker.objects.filter(pk=self.outside.pk).update(draining=True)
        self.assertEqual(lacks_worker(push), "No worker with the labels dmz plone runs.")
        Worker.objects.all().delete()
        self.assertEqual(lacks_worker(push), "No worker runs.")


class Surveys(Case):
    """Looks at repositories follow the same labels."""

    def survey(self, deployment, **fields):
        return Survey.objects.create(
            deployment=deployment, ref="main", **{"asked": clock.now(), **fields}
        )

    def test_a_survey_is_claimed_once_by_a_worker_with_the_labels(self):
        survey = self.survey(self.dmz)
        self.assertIsNone(claim_survey(self.any))
        self.assertEqual(claim_survey(self.outside), survey.pk)
        self.assertIsNone(claim_survey(self.outside))

    def test_a_survey_whose_worker_died_is_claimed_again(self):
        survey = self.survey(self.plain, claimed=clock.now() - LOOKING)
        self.assertEqual(claim_survey(self.any), survey.pk)

    def test_an_old_survey_is_left(self):
        self.survey(self.plain, asked=clock.now() - 3 * LOOKING)
        self.assertIsNone(claim_survey(self.any))
