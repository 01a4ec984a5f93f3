"""Pushes, rollbacks and actions that users ask for, and the reasons for refusals."""

from django.test import TestCase
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from deployments.models import Level, Setting
from main import board
from main.tests.cast import Cast
from pushes import services, surveys
from pushes.models import Push
from pushes.rollback import live_push

from ..live.news import render_panel


class Case(TestCase):
    """Two deployments with a stage and two pushes that succeeded."""

    @classmethod
    def setUpTestData(cls):
        cls.cast = Cast()

    def setUp(self):
        self.deployment = self.cast.mine
        self.user = self.cast.people["push"]
        self.old, self.new = self.deployment.pushes.order_by("number")

    def refused(self, function, *arguments, **more):
        """Return why it is refused."""
        with self.assertRaises(services.Refused) as caught:
            function(*arguments, **more)
        return str(caught.exception)

    def failed(self, **more):
        """Return a last push that failed at its only stage."""
        record = {
            **self.new.record,
            "id": 3,
            "state": "failed",
            "stages": [{**self.new.record["stages"][0], "state": "failed", "exit": 1}],
        }
        return Push.objects.create(
            deployment=self.deployment,
            user_name="push",
            state="failed",
            number=3,
            record=record,
            snapshot=self.new.snapshot,
            **more,
        )


class Pushes(Case):
    """A push."""

    def test_it_is_a_row_with_its_snapshot_and_a_task_for_a_worker(self):
        with self.captureOnCommitCallbacks(execute=True):
            asked = services.queue_push(
                self.deployment, self.user, comment="why", flags={"SHOUT": "1"}
            )
        asked.refresh_from_db()
        self.assertEqual(
            (asked.state, asked.ref, asked.comment, asked.user_name, asked.number),
            ("queued", "main", "why", "push", None),
        )
        self.assertEqual(asked.snapshot["stages"][0]["code"], "# Greets.\necho hello\n")
        self.assertEqual(asked.flags, {"SHOUT": "1"})
        task = DBTaskResult.objects.get()
        self.assertEqual((task.queue_name, task.args_kwargs["args"]), ("pushes", [asked.pk]))

    def test_what_is_changed_afterwards_changes_nothing(self):
        asked = services.queue_push(self.deployment, self.user)
        self.cast.recipe.code = "echo other\n"
        self.cast.recipe.save()
        Setting.objects.update(text="other")
        asked.refresh_from_db()
        self.assertEqual(asked.snapshot["stages"][0]["code"], "# Greets.\necho hello\n")
        self.assertEqual(asked.snapshot["settings"]["GREETING"], "hello")

    def test_no_secret_is_in_the_row(self):
        secret = Setting(deployment=self.deployment, name="TOKEN", secret=True)
        secret.value = "open sesame"
        secret.save()
        asked = services.queue_push(self.deployment, self.user, comment="say open sesame")
        self.assertNotIn("sesame", f"{asked.snapshot}{asked.comment}")

    def test_one_at_a_time(self):
        first = services.queue_push(self.deployment, self.user)
        with self.assertRaises(services.Busy) as caught:
            services.queue_push(self.deployment, self.user)
        self.assertEqual(caught.exception.push, first)
        self.assertIn("shop mine is being pushed by push", str(caught.exception))
        services.queue_push(self.cast.other, self.user)

    def test_a_refusal_lists_every_fault(self):
        self.deployment.stages.create(name="lost", recipe="gree", position=1)
        self.deployment.stages.create(name="needs", position=2, code="# needs: NOBODY_HAS_IT\n:\n")
        refusal = self.refused(
            services.queue_push, self.deployment, self.user, flags={"SHOT": "1"}, skip=["gret"]
        )
        for part in (
            'No recipe is called "gree" (stage "lost")',
            "NOBODY_HAS_IT",
            "called SHOT",
            "called gret",
        ):
            self.assertIn(part, refusal)
        self.assertFalse(Push.objects.active().exists())

    def test_a_stage_that_is_skipped_needs_nothing(self):
        self.deployment.stages.create(name="needs", position=2, code="# needs: NOBODY_HAS_IT\n:\n")
        asked = services.queue_push(self.deployment, self.user, skip=["needs"])
        self.assertEqual(asked.skip, ["needs"])

    def test_a_locked_deployment_says_by_whom_and_why(self):
        self.deployment.lock_reason, self.deployment.locked_by = "the fair is on", "anna"
        self.deployment.save()
        for function in (services.queue_push, services.queue_rollback):
            self.assertEqual(
                self.refused(function, self.deployment, self.user),
                "The deployment is locked by anna: the fair is on",
            )

    def test_a_ref_that_git_does_not_take_is_refused(self):
        for ref in ("--upload-pack=touch /tmp/x", "a b", "a..b", "main:x", "refs/heads/-x..y"):
            self.assertIn(
                "git has no branch, tag or commit by such a name",
                self.refused(services.queue_push, self.deployment, self.user, ref=ref),
            )
        self.assertEqual(self.deployment.pushes.count(), 2)


class Rollbacks(Case):
    """Rollbacks."""

    def test_what_was_rolled_back_from_is_not_proposed(self):
        for number, way in enumerate(({"rollback_to": self.old, "rollback_of": self.new}, {}), 3):
            Push.objects.create(
                deployment=self.deployment,
                user_name="push",
                state="succeeded",
                number=number,
                record={**self.new.record, "id": number},
                snapshot=self.new.snapshot,
                **way,
            )
        self.assertEqual(services.propose(self.deployment).target, self.old)

    def test_the_last_that_worked_before_is_proposed(self):
        self.new.record["settings"] = {"GREETING": "hi"}
        self.new.save()
        proposed = services.propose(self.deployment)
        self.assertEqual((proposed.target, proposed.live), (self.old, self.new))
        self.assertEqual(proposed.settings, ["GREETING: 'hi' -> none"])

    def test_a_push_that_left_out_its_switch_was_never_live(self):
        Push.objects.filter(pk=self.new.pk).update(switches=True)
        third = Push.objects.create(
            deployment=self.deployment,
            user_name="push",
            state="succeeded",
            number=3,
            switches=True,
            switched=True,
            record={**self.new.record, "id": 3},
            snapshot=self.new.snapshot,
        )
        proposed = services.propose(self.deployment)
        self.assertEqual((proposed.target, proposed.live), (self.old, third))
        third.delete()
        self.assertEqual(live_push(self.deployment), self.old)
        [row] = board.rows([self.deployment])
        self.assertEqual((row.last, row.live), (self.new, self.old))

    def test_it_returns_to_what_one_says(self):
        asked = services.queue_rollback(self.deployment, self.user, to=self.old, keep_settings=True)
        self.assertEqual(
            (asked.rollback_to, asked.rollback_of, asked.commit, asked.comment),
            (self.old, self.new, self.old.commit, "back to push 1"),
        )
        self.assertTrue(asked.keep_settings)

    def test_from_the_first_there_is_no_way_back(self):
        self.new.delete()
        self.assertIn(
            "no push that worked came before",
            self.refused(services.queue_rollback, self.deployment, self.user),
        )


class Afterwards(Case):
    """Actions on an existing push."""

    def test_a_queued_one_is_cancelled_at_once_and_never_begun(self):
        asked = services.queue_push(self.deployment, self.user)
        Push.objects.filter(pk=asked.pk).update(version=7)  # since the user opened the page
        services.cancel(asked, self.user)
        asked.refresh_from_db()
        self.assertEqual(
            (asked.state, asked.reason, asked.version), ("cancelled", "cancelled by push", 8)
        )
        services.queue_push(self.deployment, self.user)

    def test_a_running_push_gets_the_name_of_the_user(self):
        asked = services.queue_push(self.deployment, self.user)
        Push.objects.filter(pk=asked.pk).update(state="running")
        services.cancel(asked, self.user)
        asked.refresh_from_db()
        self.assertEqual((asked.state, asked.cancelled_by), ("running", "push"))

    def test_what_has_ended_has_ended(self):
        self.assertEqual(
            self.refused(services.cancel, self.new, self.user), "This push has already ended."
        )
        self.assertEqual(
            self.refused(services.decide, self.new, self.user, "run"),
            "This push no longer waits for a decision.",
        )

    def test_only_the_last_one_is_resumed_and_only_if_it_stopped(self):
        self.assertIn(
            "State of this one: succeeded", self.refused(services.resume, self.new, self.user)
        )
        failed = self.failed()
        later = Push.objects.create(
            deployment=self.deployment, user_name="push", number=4, state="succeeded"
        )
        self.assertIn("which is push 4", self.refused(services.resume, failed, self.user))
        later.delete()
        resumed = services.resume(failed, self.user)
        self.assertEqual((resumed.state, resumed.resumed, resumed.number), ("queued", True, 3))

    def test_a_resumed_one_waits_for_no_other(self):
        failed = self.failed()
        services.queue_push(self.deployment, self.user)
        self.assertIn("is being pushed", self.refused(services.resume, failed, self.user))

    def test_a_question_has_three_answers(self):
        worker = self.cast.worker()
        push = Push.objects.create(
            deployment=self.deployment,
            user_name="push",
            state="running",
            awaits="greet",
            worker=worker,
            started=timezone.now(),
        )
        self.assertEqual(
            self.refused(services.decide, push, self.user, "perhaps"),
            "The decision must be run, skip or stop.",
        )
        services.decide(push, self.user, "skip")
        push.refresh_from_db()
        self.assertEqual((push.decision, push.decided_by, push.version), ("skip", "push", 1))
        self.assertEqual(
            self.refused(services.decide, push, self.user, "run"),
            "This push no longer waits for a decision.",
        )


class Surveys(Case):
    """Surveys."""

    def test_it_is_asked_for_once_and_answered_by_a_worker(self):
        with self.captureOnCommitCallbacks(execute=True):
            asked = surveys.ask(self.deployment)
        self.assertEqual((asked.ref, asked.answered), ("main", None))
        self.assertEqual(DBTaskResult.objects.get().queue_name, "surveys")
        self.assertEqual(self.deployment.surveys.count(), 1)


class WayBack(Case):
    """The rollbacks that the page of a push offers."""

    def panel(self, push):
        return render_panel(push, Level.PUSH)

    def test_a_live_push_offers_to_return_to_the_one_before(self):
        self.assertIn("Undo: roll back to push 1", self.panel(self.new))
        self.assertNotIn("Roll back to this push", self.panel(self.new))
        self.assertIn("Roll back to this push", self.panel(self.old))

    def test_a_rollback_is_not_offered_to_what_it_made_live(self):
        back = Push.objects.create(
            deployment=self.deployment,
            user_name="push",
            state="succeeded",
            number=3,
            rollback_to=self.old,
            rollback_of=self.new,
            record={**self.new.record, "id": 3},
            snapshot=self.new.snapshot,
        )
        for push in (back, self.old):
            self.assertNotIn("Roll back to this push", self.panel(push))
            self.assertNotIn("Undo:", self.panel(push))  # nothing worked before push 1
        self.assertIn("Roll back to this push", self.panel(self.new))

    def test_a_rollback_to_what_is_live_is_refused(self):
        self.assertIn(
            "Push 2 is live already",
            self.refused(services.queue_rollback, self.deployment, self.user, to=self.new),
        )

    def test_after_a_failure_without_a_switch_the_old_push_may_go_out_again(self):
        self.failed()
        self.assertIn("Roll back to this push", self.panel(self.new))
        asked = services.queue_rollback(self.deployment, self.user, to=self.new)
        self.assertEqual(asked.rollback_to, self.new)
