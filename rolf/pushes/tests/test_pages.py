"""Pages of pushes."""

import re
from datetime import timedelta

from django.test import Client, TestCase
from django.urls import reverse
from django.utils import timezone

from main.tests.cast import Cast
from pushes.models import Push

from .chunked import push_with_log


class Case(TestCase):
    """The people and things of the cast."""

    @classmethod
    def setUpTestData(cls):
        cls.cast = Cast()
        cls.deployment = cls.cast.mine

    def client_of(self, person):
        client = Client(enforce_csrf_checks=False)
        client.force_login(self.cast.people[person])
        return client

    def address(self, name, push):
        return reverse(name, args=[self.deployment.pk, push.pk])

    def logged(self, data, **fields):
        return push_with_log(self.deployment, data, number=fields.pop("number", 9), **fields)


class Log(Case):
    """The output on the page of a push."""

    def setUp(self):
        self.client = self.client_of("view")

    def test_output_is_text_whatever_it_says(self):
        push = self.logged(b"<script>alert(1)</script>\n\x1b]0;title\x07\x1b[31mred\n")
        page = self.client.get(self.address("push", push))
        self.assertContains(page, "&lt;script&gt;alert(1)&lt;/script&gt;")
        self.assertNotContains(page, "<script>alert")
        self.assertContains(page, '<span class="fg-1">red</span>')
        self.assertNotContains(page, "title\x07")

    def test_only_a_part_of_a_long_log_is_in_the_page(self):
        push = self.logged(b"x\n" * 5000)
        page = self.client.get(self.address("push", push)).content.decode()
        self.assertEqual(page.count("data-line="), 400)
        self.assertIn('id="L5000"', page)
        self.assertIn("Earlier lines", page)

    def test_a_line_has_an_address(self):
        push = self.logged(b"x\n" * 5000)
        page = self.client.get(self.address("push", push), {"line": 2500}).content.decode()
        self.assertIn('id="L2500"', page)
        self.assertIn("Earlier lines", page)
        self.assertIn("Later lines", page)

    def test_words_are_found_without_a_script(self):
        push = self.logged(b"x\n" * 2000 + b"the Needle\n" + b"y\n" * 2000)
        page = self.client.get(self.address("push", push), {"q": "needle"}).content.decode()
        self.assertIn('id="L2001"', page)
        self.assertIn("not found", self.client.get(
            self.address("push", push), {"q": "nowhere"}).content.decode())

    def test_without_a_script_a_search_goes_on_from_hit_to_hit_and_round(self):
        push = self.logged(b"".join(b"%s\n" % (b"hit" if n in (7, 900, 2000) else b"x")
                                    for n in range(3000)))
        asked, found = {"q": "hit"}, []
        for _ in range(4):
            page = self.client.get(self.address("push", push), asked).content.decode()
            [line] = re.findall(r'<a href="#L(\d+)">line', page)
            self.assertRegex(page, rf'<li id="L{line}"[^>]* here">')
            asked["line"] = re.search(r'name="line" value="(\d+)"', page)[1]
            found.append(int(line))
        self.assertEqual(found, [8, 901, 2001, 8])

    def test_numbers_that_are_none_are_ignored(self):
        push = self.logged(b"x\n")
        for odd in ("-1", "x", "9" * 30, "²", ""):
            for name, key in (("push", "line"), ("push-lines", "first"), ("push-search", "from")):
                with self.subTest(odd=odd, name=name):
                    answer = self.client.get(self.address(name, push), {key: odd, "q": "x"})
                    self.assertEqual(answer.status_code, 200)

    def test_lines_are_told_from_any_place(self):
        push = self.logged(b"".join(b"%d\n" % number for number in range(3000)))
        told = self.client.get(
            self.address("push-lines", push), {"first": 1500, "count": 3}).json()
        self.assertEqual((told["first"], told["end"], told["total"]), (1500, 1503, 3000))
        told = self.client.get(
            self.address("push-lines", push), {"first": 0, "count": 100_000}).json()
        self.assertEqual(told["end"], 1000)

    def test_the_raw_log_is_every_byte(self):
        data = bytes(range(256)) * 40
        push = self.logged(data, cuts=[1, 5000])
        answer = self.client.get(self.address("push-log", push))
        self.assertEqual(b"".join(answer.streaming_content), data)
        self.assertEqual(answer["Content-Length"], str(len(data)))
        self.assertEqual(answer["Content-Type"], "text/plain; charset=utf-8")
        self.assertEqual(answer["X-Content-Type-Options"], "nosniff")
        kept = self.client.get(self.address("push-log", push), {"download": ""})
        self.assertEqual(kept["Content-Disposition"], 'attachment; filename="push-9.log"')

    def test_where_the_server_has_no_streams_the_page_asks_again_and_again(self):
        push = self.logged(b"one\n", state="running", worker=self.cast.worker())
        page = self.client.get(self.address("push", push))
        self.assertNotContains(page, "data-follow")
        cursor = re.search('data-cursor="([^"]+)"', page.content.decode())[1]
        told = self.client.get(self.address("push-news", push), {"cursor": cursor}).json()
        self.assertEqual(told, {"cursor": cursor})
        push.chunks.create(sequence=1, offset=4, first_line=1, last_line=2, data=b"two\n",
                           spans=[[4, 0, "stderr", 1.0, ""]])
        Push.objects.filter(pk=push.pk).update(log_lines=2, log_bytes=8, version=2)
        told = self.client.get(self.address("push-news", push), {"cursor": cursor}).json()
        self.assertEqual((told["first"], told["total"], told["panel"]), (1, 2, None))
        self.assertIn("two", told["html"])
        self.assertEqual(self.client.get(self.address("push-follow", push)).status_code, 406)

    def test_as_many_queries_for_a_long_log(self):
        self.client.get("/")
        short = self.logged(b"x\n" * 500, number=8)
        long = self.logged(b"x" * 90 + b"\n" * 20_000, cuts=range(0, 20_000, 500))
        for push in (short, long):
            with self.subTest(lines=push.log_lines), self.assertNumQueries(5):
                self.client.get(self.address("push", push))

    def test_a_push_that_never_began_is_not_called_queued(self):
        push = Push.objects.create(deployment=self.deployment, user_name="ben",
                                   worker=self.cast.worker())
        for state, name in (("queued", "A push that is queued"), ("running", "A push that begins"),
                            ("failed", "A push that never began")):
            Push.objects.filter(pk=push.pk).update(state=state)
            page = self.client.get(self.address("push", push))
            self.assertContains(page, f'<h1 id="heading">{name}</h1>', html=True)
        self.assertContains(self.client.get("/"), "a push that never began")

    def test_a_running_stage_tells_its_time_without_a_script(self):
        push = self.logged(b"", state="running", worker=self.cast.worker(),
                           started=timezone.now())
        self.assertContains(self.client.get(self.address("push", push)), ">since <time")

    def test_the_code_that_ran_is_shown_to_editors_alone(self):
        push = self.deployment.pushes.first()
        self.assertNotContains(self.client_of("push").get(self.address("push", push)), "echo hello")
        self.assertContains(self.client_of("edit").get(self.address("push", push)), "echo hello")


class Actions(Case):
    """What can be done with a push."""

    def setUp(self):
        self.client = self.client_of("push")
        self.old, self.new = self.deployment.pushes.order_by("number")

    def test_a_page_says_what_cancelling_does_and_a_form_does_it(self):
        push = Push.objects.create(deployment=self.deployment, user_name="ben")
        page = self.client.get(self.address("push-cancel", push))
        self.assertContains(page, "No worker has begun it")
        push.refresh_from_db()
        self.assertEqual(push.state, "queued")
        answer = self.client.post(self.address("push-cancel", push), follow=True)
        self.assertContains(answer, "It is told to end")
        push.refresh_from_db()
        self.assertEqual((push.state, push.reason), ("cancelled", "cancelled by push"))

    def test_what_has_ended_cannot_be_cancelled(self):
        answer = self.client.post(self.address("push-cancel", self.new), follow=True)
        self.assertContains(answer, "It has ended already")

    def test_a_rollback_says_first_what_goes_back(self):
        for push, text in ((self.old, "before"), (self.new, "after")):
            push.record["settings"] = {"GREETING": text}
            push.save()
        address = self.address("push-rollback", self.old)
        page = self.client.get(address)
        self.assertContains(page, "Roll back to push 1")
        self.assertContains(page, "they switch to it; otherwise the stages of push 1 are run")
        self.assertContains(page, "1 setting differs")
        self.assertContains(page, "GREETING")
        self.assertNotContains(page, "before&#x27;")  # who may only push sees no settings
        self.assertContains(self.client_of("edit").get(address), "before&#x27;")
        self.assertFalse(Push.objects.active().exists())
        self.old.record["settings"] = self.new.record["settings"]
        self.old.save()
        self.assertContains(self.client.get(address), "No setting differs.")

    def test_what_was_pushed_by_command_line_is_named_and_leads_nowhere(self):
        self.deployment.served = {"number": 9, "commit": "9" * 40, "ref": "main",
                                  "by": "root@till", "at": "2026-01-01T00:00:00+00:00"}
        self.deployment.save()
        for page in (self.deployment.get_absolute_url(), reverse("index"),
                     self.address("push-rollback", self.old)):
            page = self.client.get(page)
            self.assertContains(page, "99999999</code>")
        self.assertContains(page, "root@till")
        self.assertContains(page, "<span>push 9</span>")
        answer = self.client.post(self.address("push-rollback", self.old))
        self.assertIsNone(Push.objects.active().get().rollback_of)
        self.assertEqual(answer.status_code, 302)

    def test_a_rollback_says_first_which_commits_go_back(self):
        Push.objects.filter(pk=self.new.pk).update(commit="d" * 40)
        address = self.address("push-rollback", self.old)
        self.assertContains(self.client.get(address), "Look which commits go back")
        asked = self.client.post(reverse("survey", args=[self.deployment.pk]),
                                 {"ref": self.old.commit, "rollback": self.old.pk})
        self.assertRedirects(asked, address)
        gone = {"commit": "d" * 40, "subject": "Winter", "author": "anna",
                "at": "2026-01-01T00:00:00+00:00"}
        survey = self.deployment.surveys.filter(ref=self.old.commit)
        survey.update(answered=timezone.now(), commit=self.old.commit, since="d" * 40,
                      added=[], removed=[gone])
        page = self.client.get(address)
        self.assertContains(page, "1 commit would go back")
        self.assertContains(page, "Winter")
        self.assertNotContains(page, "Look which")
        survey.update(since="e" * 40)  # something else is live by now
        self.assertContains(self.client.get(address), "Look which")

    def test_a_rollback_is_one_click(self):
        with self.captureOnCommitCallbacks():
            answer = self.client.post(
                self.address("push-rollback", self.old), {"settings": "keep", "comment": "oh"})
        push = Push.objects.active().get()
        self.assertRedirects(answer, push.get_absolute_url())
        self.assertEqual((push.rollback_to, push.keep_settings, push.comment),
                         (self.old, True, "oh"))

    def test_what_never_worked_is_not_rolled_back_to(self):
        failed = self.logged(b"", state="failed")
        page = self.client.get(self.address("push-rollback", failed))
        self.assertContains(page, "it never worked")
        answer = self.client.post(self.address("push-rollback", failed))
        self.assertEqual(answer.status_code, 422)

    def test_two_who_push_at_once_are_told(self):
        running = Push.objects.create(deployment=self.deployment, user_name="anna")
        answer = self.client.post(self.address("push-rollback", self.old), follow=True)
        self.assertRedirects(answer, running.get_absolute_url())
        self.assertContains(answer, "is being pushed by anna")

    def test_a_question_is_answered_once(self):
        worker = self.cast.worker()
        push = Push.objects.create(deployment=self.deployment, user_name="ben", state="running",
                                   step=True, awaits="greet", worker=worker)
        page = self.client.get(self.address("push", push))
        self.assertContains(page, 'name="decision"', count=3)
        self.client.post(self.address("push-decide", push), {"decision": "skip", "stage": "greet"})
        push.refresh_from_db()
        self.assertEqual((push.decision, push.decided_by), ("skip", "push"))
        answer = self.client.post(
            self.address("push-decide", push), {"decision": "run", "stage": "greet"}, follow=True)
        self.assertContains(answer, "ask any more")
        push.refresh_from_db()
        self.assertEqual(push.decision, "skip")

    def test_an_answer_goes_to_the_stage_that_was_asked_about(self):
        push = Push.objects.create(deployment=self.deployment, user_name="ben", state="running",
                                   step=True, awaits="greet", worker=self.cast.worker())
        page = self.client.get(self.address("push", push))
        self.assertContains(
            page, '<input type="hidden" name="stage" value="greet" form="decide">', html=True)
        # Somebody else has answered, and it asks about the next one: the old page says nothing
        # of that. Nor does a form that says no stage at all.
        Push.objects.filter(pk=push.pk).update(awaits="bow")
        for told in ({"stage": "greet"}, {}):
            answer = self.client.post(
                self.address("push-decide", push), {"decision": "skip", **told}, follow=True)
            self.assertContains(answer, "now it asks about bow")
            push.refresh_from_db()
            self.assertEqual((push.awaits, push.decision), ("bow", ""))

    def test_what_asks_is_told_in_one_word_everywhere(self):
        Push.objects.create(deployment=self.deployment, user_name="ben", state="running",
                            step=True, awaits="greet", worker=self.cast.worker())
        push = self.deployment.pushes.first()
        asks = "</svg>asks</span>"
        for person in ("view", "push"):
            client = self.client_of(person)
            for address in ("/", self.deployment.get_absolute_url(), push.get_absolute_url(),
                            reverse("pushes", args=[self.deployment.pk])):
                with self.subTest(person=person, address=address):
                    self.assertContains(client.get(address), asks)
        push.worker.beat = timezone.now() - timedelta(hours=1)
        push.worker.save()
        self.assertNotContains(self.client.get("/"), asks)  # nobody would hear an answer

    def test_only_the_last_push_is_offered_to_be_resumed(self):
        older = self.logged(b"", state="failed", number=3)
        link = self.address("push-resume", older)
        self.assertContains(self.client.get(self.address("push", older)), link)
        newer = self.logged(b"", state="succeeded", number=4)
        self.assertNotContains(self.client.get(self.address("push", older)), link)
        page = self.client.get(link)
        self.assertContains(page, "Only the last push of a deployment can be resumed")
        self.assertContains(page, newer.get_absolute_url())
        self.assertNotContains(page, '<button class="button primary">')
        self.assertContains(self.client.get(self.address("push-resume", newer)),
                            "There is nothing to resume")

    def test_who_may_only_look_has_no_buttons(self):
        push = Push.objects.create(deployment=self.deployment, user_name="ben", state="running",
                                   step=True, awaits="greet", worker=self.cast.worker())
        page = self.client_of("view").get(self.address("push", push))
        self.assertNotContains(page, 'form="decide"')
        self.assertNotContains(page, "Cancel")
