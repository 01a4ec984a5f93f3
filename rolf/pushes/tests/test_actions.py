"""Cancel, resume, roll back and decide, on the pages of a push."""

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from pushes.models import Push

from .test_pages import Case


class Actions(Case):
    """The pages and forms of the actions."""

    def setUp(self):
        self.client = self.client_of("push")
        self.old, self.new = self.deployment.pushes.order_by("number")

    def asking(self):
        """Return a running push that waits for a decision about the stage greet."""
        return Push.objects.create(
            deployment=self.deployment,
            user_name="ben",
            state="running",
            step=True,
            awaits="greet",
            worker=self.cast.worker(),
        )

    def test_a_page_says_what_cancelling_does_and_a_form_does_it(self):
        push = Push.objects.create(deployment=self.deployment, user_name="ben")
        page = self.client.get(self.address("pushes:cancel", push))
        self.assertContains(page, "No worker has begun this push")
        push.refresh_from_db()
        self.assertEqual(push.state, "queued")
        answer = self.client.post(self.address("pushes:cancel", push), follow=True)
        self.assertContains(answer, "The push is being cancelled")
        push.refresh_from_db()
        self.assertEqual((push.state, push.reason), ("cancelled", "cancelled by push"))

    def test_what_has_ended_cannot_be_cancelled(self):
        answer = self.client.post(self.address("pushes:cancel", self.new), follow=True)
        self.assertContains(answer, "This push has already ended")

    def test_a_rollback_says_first_what_goes_back(self):
        for push, text in ((self.old, "before"), (self.new, "after")):
            push.record["settings"] = {"GREETING": text}
            push.save()
        address = self.address("pushes:rollback", self.old)
        page = self.client.get(address)
        self.assertContains(page, "Roll back to push 1")
        self.assertContains(
            page, "they switch to it. Otherwise Rolf runs the stages of push 1 again"
        )
        self.assertContains(page, "1 setting changes")
        self.assertContains(page, "GREETING")
        # Settings are hidden from users without permission to edit.
        self.assertNotContains(page, "before&#x27;")
        self.assertContains(self.client_of("edit").get(address), "before&#x27;")
        self.assertFalse(Push.objects.active().exists())
        self.old.record["settings"] = self.new.record["settings"]
        self.old.save()
        self.assertContains(self.client.get(address), "No setting changes.")

    def test_what_was_pushed_by_command_line_is_named_and_leads_nowhere(self):
        self.deployment.served = {
            "number": 9,
            "commit": "9" * 40,
            "ref": "main",
            "by": "root@till",
            "at": "2026-01-01T00:00:00+00:00",
        }
        self.deployment.save()
        for page in (
            self.deployment.get_absolute_url(),
            reverse("main:index"),
            self.address("pushes:rollback", self.old),
        ):
            page = self.client.get(page)
            self.assertContains(page, "99999999</code>")
        self.assertContains(page, "root@till")
        self.assertContains(page, "<span>push 9</span>")
        answer = self.client.post(self.address("pushes:rollback", self.old), {"shown": "9"})
        self.assertIsNone(Push.objects.active().get().rollback_of)
        self.assertEqual(answer.status_code, 302)

    def test_a_rollback_says_first_which_commits_go_back(self):
        Push.objects.filter(pk=self.new.pk).update(commit="d" * 40)
        address = self.address("pushes:rollback", self.old)
        self.assertContains(self.client.get(address), "Show the commits")
        asked = self.client.post(
            reverse("pushes:survey", args=[self.deployment.pk]),
            {"ref": self.old.commit, "rollback": self.old.pk},
        )
        self.assertRedirects(asked, address)
        gone = {
            "commit": "d" * 40,
            "subject": "Winter",
            "author": "anna",
            "at": "2026-01-01T00:00:00+00:00",
        }
        survey = self.deployment.surveys.filter(ref=self.old.commit)
        survey.update(
            answered=timezone.now(),
            commit=self.old.commit,
            since="d" * 40,
            added=[],
            removed=[gone],
        )
        page = self.client.get(address)
        self.assertContains(page, "1 commit would be removed")
        self.assertContains(page, "Winter")
        self.assertNotContains(page, "Show the commits")
        survey.update(since="e" * 40)  # something else is live by now
        self.assertContains(self.client.get(address), "Show the commits")

    def test_a_rollback_is_one_click(self):
        with self.captureOnCommitCallbacks():
            answer = self.client.post(
                self.address("pushes:rollback", self.old),
                {"settings": "keep", "comment": "oh", "shown": "2"},
            )
        push = Push.objects.active().get()
        self.assertRedirects(answer, push.get_absolute_url())
        self.assertEqual(
            (push.rollback_to, push.keep_settings, push.comment), (self.old, True, "oh")
        )

    def test_a_rollback_of_what_is_no_longer_live_is_asked_about(self):
        address = self.address("pushes:rollback", self.old)
        for data, message in (
            ({"shown": "1"}, "Now push 2 is live, no longer push 1."),
            ({"shown": ""}, "no longer an unknown push."),
            ({}, "the page was outdated"),
        ):
            page = self.client.post(address, data)
            self.assertContains(page, message, status_code=422)
            self.assertContains(page, 'name="shown" value="2"', status_code=422)
            self.assertFalse(Push.objects.active().exists())

    def test_a_push_that_was_resumed_meanwhile_is_not_resumed(self):
        push = self.logged(
            b"",
            state="failed",
            number=3,
            record={
                **self.new.record,
                "id": 3,
                "state": "failed",
                "stages": [{**self.new.record["stages"][0], "state": "failed"}],
            },
        )
        address = self.address("pushes:resume", push)
        self.assertContains(self.client.get(address), f'name="shown" value="{push.version}"')
        Push.objects.filter(pk=push.pk).update(version=push.version + 1)
        answer = self.client.post(address, {"shown": push.version}, follow=True)
        self.assertContains(answer, "This push has changed since you opened the page")
        self.assertFalse(Push.objects.active().exists())

    def test_what_never_worked_is_not_rolled_back_to(self):
        failed = self.logged(b"", state="failed")
        page = self.client.get(self.address("pushes:rollback", failed))
        self.assertContains(page, "it never worked")
        answer = self.client.post(self.address("pushes:rollback", failed))
        self.assertEqual(answer.status_code, 422)

    def test_a_second_push_is_redirected_to_the_first(self):
        running = Push.objects.create(deployment=self.deployment, user_name="anna")
        answer = self.client.post(
            self.address("pushes:rollback", self.old), {"shown": "2"}, follow=True
        )
        self.assertRedirects(answer, running.get_absolute_url())
        self.assertContains(answer, "is being pushed by anna")

    def test_a_question_is_answered_once(self):
        push = self.asking()
        page = self.client.get(self.address("pushes:push", push))
        self.assertContains(page, 'name="decision"', count=3)
        self.client.post(
            self.address("pushes:decide", push), {"decision": "skip", "stage": "greet"}
        )
        push.refresh_from_db()
        self.assertEqual((push.decision, push.decided_by), ("skip", "push"))
        answer = self.client.post(
            self.address("pushes:decide", push), {"decision": "run", "stage": "greet"}, follow=True
        )
        self.assertContains(answer, "no longer waits for a decision")
        push.refresh_from_db()
        self.assertEqual(push.decision, "skip")

    def test_an_answer_goes_to_the_stage_that_was_asked_about(self):
        push = self.asking()
        page = self.client.get(self.address("pushes:push", push))
        self.assertContains(
            page, '<input type="hidden" name="stage" value="greet" form="decide">', html=True
        )
        # Somebody else has answered, and it asks about the next one: the old page says nothing
        # of that. Nor does a form that says no stage at all.
        Push.objects.filter(pk=push.pk).update(awaits="bow")
        for data in ({"stage": "greet"}, {}):
            answer = self.client.post(
                self.address("pushes:decide", push), {"decision": "skip", **data}, follow=True
            )
            self.assertContains(answer, "now it asks about bow")
            push.refresh_from_db()
            self.assertEqual((push.awaits, push.decision), ("bow", ""))

    def test_every_page_shows_that_a_push_asks(self):
        push = self.asking()
        asks = "</svg>asks</span>"
        for person in ("view", "push"):
            client = self.client_of(person)
            for address in (
                "/",
                self.deployment.get_absolute_url(),
                push.get_absolute_url(),
                reverse("pushes:pushes", args=[self.deployment.pk]),
            ):
                with self.subTest(person=person, address=address):
                    self.assertContains(client.get(address), asks)
        push.worker.beat = timezone.now() - timedelta(hours=1)
        push.worker.save()
        self.assertNotContains(self.client.get("/"), asks)  # nobody would hear an answer

    def test_only_the_last_push_is_offered_to_be_resumed(self):
        older = self.logged(b"", state="failed", number=3)
        link = self.address("pushes:resume", older)
        self.assertContains(self.client.get(self.address("pushes:push", older)), link)
        newer = self.logged(b"", state="succeeded", number=4)
        self.assertNotContains(self.client.get(self.address("pushes:push", older)), link)
        page = self.client.get(link)
        self.assertContains(page, "Only the last push of a deployment can be resumed")
        self.assertContains(page, newer.get_absolute_url())
        self.assertNotContains(page, '<button class="button primary">')
        self.assertContains(
            self.client.get(self.address("pushes:resume", newer)),
            "Only a push that failed, was cancelled or was lost",
        )

    def test_who_may_only_look_has_no_buttons(self):
        push = self.asking()
        page = self.client_of("view").get(self.address("pushes:push", push))
        self.assertNotContains(page, 'form="decide"')
        self.assertNotContains(page, "Cancel")
