"""Start, list and follow pushes with the API."""

import time
from unittest import mock

from asgiref.sync import sync_to_async
from django.test import TestCase
from django.utils import timezone

from api.models import Token
from deployments.models import Level
from history.models import Change
from main.tests.cast import Cast
from pushes.live import share
from pushes.models import LogChunk

from .caller import Caller, made


class Case(TestCase):
    """A token with permission to push."""

    @classmethod
    def setUpTestData(cls):
        cls.cast = Cast()

    def setUp(self):
        self.deployment = self.cast.mine
        self.address = f"/api/deployments/{self.deployment.pk}"
        self.caller = Caller(made(self.cast.people["push"])[1])
        self.push = self.deployment.pushes.first()

    def running(self, **more):
        fields = {"state": "running", "ended": None, "number": self.push.number, **more}
        type(self.push).objects.filter(pk=self.push.pk).update(**fields)


class Pushing(Case):
    """POST pushes."""

    def test_a_push_waits_for_a_worker_with_what_was_asked_for(self):
        answer = self.caller.post(
            f"{self.address}/pushes",
            {"comment": "by CI", "ref": "next", "flags": {"SHOUT": True}, "step": True},
        )
        self.assertEqual(answer.status_code, 202, answer.content)
        data = answer.json()
        push = self.deployment.pushes.get(pk=data["id"])
        self.assertEqual(
            (push.state, push.comment, push.ref, push.flags, push.step),
            ("queued", "by CI", "next", {"SHOUT": "1"}, True),
        )
        self.assertEqual(push.user, self.cast.people["push"])
        self.assertIsNone(data["number"])
        self.assertTrue(data["url"].endswith(push.get_absolute_url()))

    def test_what_no_stage_could_be_given_is_refused(self):
        for asked in (
            {"comment": "a\0b"},
            {"ref": "a\0b"},
            {"flags": {"SHOUT": "a\0b"}},
            {"skip": ["a\0b"]},
            {"comment": "x" * 2001},
        ):
            answer = self.caller.post(f"{self.address}/pushes", asked)
            self.assertEqual(answer.status_code, 422, asked)
        self.assertFalse(self.deployment.pushes.active().exists())

    def test_every_field_has_a_default(self):
        self.assertEqual(self.caller.post(f"{self.address}/pushes").status_code, 202)

    def test_a_shell_gets_the_address_of_the_push_and_nothing_else(self):
        shell = Caller(made(self.cast.people["push"])[1], Accept="text/plain")
        answer = shell.post(f"{self.address}/pushes")
        push = self.deployment.pushes.first()
        self.assertEqual(
            answer.content.decode(), f"http://testserver{self.address}/pushes/{push.pk}\n"
        )
        self.assertEqual(shell.get(answer.content.decode().strip()).status_code, 200)

    def test_while_another_push_runs_it_says_which(self):
        self.running()
        answer = self.caller.post(f"{self.address}/pushes")
        self.assertEqual(answer.status_code, 409)
        self.assertEqual(answer["Content-Type"], "application/problem+json")
        self.assertEqual(answer.json()["push"]["id"], self.push.pk)

    def test_a_refusal_lists_every_fault(self):
        answer = self.caller.post(
            f"{self.address}/pushes", {"flags": {"SHOOT": True}, "skip": ["nothing"]}
        )
        self.assertEqual(answer.status_code, 422)
        self.assertEqual(len(answer.json()["faults"]), 2, answer.json())
        self.assertEqual(self.deployment.pushes.count(), 2)

    def test_a_misspelt_field_is_reported_with_its_place(self):
        answer = self.caller.post(f"{self.address}/pushes", {"comments": "by CI"})
        self.assertEqual(answer.status_code, 422)
        self.assertIn("body.comments", answer.json()["faults"][0])

    def test_invalid_json_is_reported(self):
        answer = self.caller.client.post(
            f"{self.address}/pushes",
            "{",
            headers=self.caller.headers,
            content_type="application/json",
        )
        self.assertEqual(
            (answer.status_code, answer["Content-Type"]), (400, "application/problem+json")
        )

    def test_a_token_that_may_view_cannot_push(self):
        caller = Caller(made(self.cast.people["push"], Level.VIEW)[1])
        answer = caller.post(f"{self.address}/pushes")
        self.assertEqual(answer.status_code, 403)
        self.assertEqual(
            answer.json()["detail"], "You need the push permission on this deployment."
        )

    def test_a_rollback_returns_to_the_push_that_is_named(self):
        first = self.deployment.pushes.last()
        answer = self.caller.post(f"{self.address}/rollback", {"to": first.pk})
        self.assertEqual(answer.status_code, 202, answer.content)
        self.assertEqual(answer.json()["rollback_to"], first.pk)
        self.assertEqual(answer.json()["rollback_of"], self.push.pk)

    def test_nothing_returns_to_a_push_of_another_deployment(self):
        other = self.cast.other.pushes.first()
        answer = self.caller.post(f"{self.address}/rollback", {"to": other.pk})
        self.assertEqual(answer.status_code, 404)

    def test_a_push_that_waits_is_cancelled_at_once(self):
        address = self.caller.post(f"{self.address}/pushes").json()["address"]
        self.assertEqual(self.caller.post(f"{address}/cancel").json()["state"], "cancelled")
        self.assertEqual(self.caller.get(f"{address}/outcome").status_code, 424)

    def test_a_push_that_worked_cannot_be_resumed(self):
        answer = self.caller.post(f"{self.address}/pushes/{self.push.pk}/resume")
        self.assertEqual(answer.status_code, 422)

    def test_a_decision_reaches_the_stage_that_asks(self):
        self.running(awaits="greet")
        address = f"{self.address}/pushes/{self.push.pk}/decide"
        self.assertEqual(
            self.caller.post(address, {"decision": "skip", "stage": "greet"}).status_code, 202
        )
        self.push.refresh_from_db()
        self.assertEqual((self.push.decision, self.push.decided_by), ("skip", "push"))

    def test_a_decision_that_comes_late_meets_no_other_stage(self):
        self.running(awaits="greet")
        answer = self.caller.post(
            f"{self.address}/pushes/{self.push.pk}/decide",
            {"decision": "run", "stage": "the one before"},
        )
        self.assertEqual(answer.status_code, 409)
        self.push.refresh_from_db()
        self.assertEqual(self.push.decision, "")

    def test_a_push_changes_no_definition(self):
        before = Change.objects.count()
        self.caller.post(f"{self.address}/pushes")
        self.assertEqual(Change.objects.count(), before)


class Following(Case):
    """The status of a push."""

    def setUp(self):
        super().setUp()
        self.address += f"/pushes/{self.push.pk}"

    def test_its_stages_are_those_of_the_record(self):
        data = self.caller.get(self.address).json()
        self.assertEqual(
            (data["id"], data["number"], data["state"]), (self.push.pk, 2, "succeeded")
        )
        [stage] = data["stages"]
        self.assertEqual((stage["name"], stage["state"], stage["exit"]), ("greet", "succeeded", 0))

    def test_settings_are_hidden(self):
        self.push.record["settings"] = {"GREETING": "hello to whom it may not concern"}
        self.push.save()
        self.assertNotContains(self.caller.get(self.address), "whom it may not concern")

    def test_a_queued_push_has_its_planned_stages(self):
        type(self.push).objects.filter(pk=self.push.pk).update(
            state="queued", record=None, number=None
        )
        data = self.caller.get(self.address).json()
        self.assertEqual(
            [(stage["name"], stage["state"]) for stage in data["stages"]], [("greet", "waiting")]
        )

    def test_what_has_not_changed_is_not_sent_again(self):
        tag = self.caller.get(self.address)["ETag"]
        self.assertEqual(self.caller.get(self.address, **{"If-None-Match": tag}).status_code, 304)
        type(self.push).objects.filter(pk=self.push.pk).update(version=99)
        self.assertEqual(self.caller.get(self.address, **{"If-None-Match": tag}).status_code, 200)

    def test_who_waits_for_a_change_that_was_gets_it_at_once(self):
        self.running(version=7)
        data = self.caller.get(f"{self.address}?wait=60&version=6").json()
        self.assertEqual(data["version"], 7)

    def test_a_token_that_loses_permission_while_waiting_gets_nothing(self):
        type(self.push).objects.filter(pk=self.push.pk).update(state="queued", number=None)
        for change, status in (
            (lambda: Token.objects.update(revoked=timezone.now()), 401),
            (lambda: self.cast.people["push"].groups.clear(), 404),
        ):
            caller = Caller(made(self.cast.people["push"])[1])

            async def meanwhile(seconds, change=change):
                await sync_to_async(change)()

            with mock.patch("api.following.asyncio.sleep", meanwhile):
                answer = caller.get(f"{self.address}?wait=0.2")
            self.assertEqual(answer.status_code, status)

    def test_who_waits_in_vain_learns_how_it_stands(self):
        type(self.push).objects.filter(pk=self.push.pk).update(state="queued", number=None)
        began = time.monotonic()
        answer = self.caller.get(f"{self.address}?wait=0.5&version={self.push.version}")
        self.assertEqual(answer.json()["state"], "queued")
        self.assertGreaterEqual(time.monotonic() - began, 0.5)

    def test_who_has_many_requests_waiting_gets_an_answer_at_once(self):
        type(self.push).objects.filter(pk=self.push.pk).update(state="queued", number=None)
        with mock.patch.object(share, "MOST", 0):
            began = time.monotonic()
            answer = self.caller.get(f"{self.address}?wait=60&version={self.push.version}")
        self.assertEqual(answer.json()["state"], "queued")
        self.assertLess(time.monotonic() - began, 30)

    def test_the_status_is_the_outcome(self):
        self.assertEqual(self.caller.get(f"{self.address}/outcome").status_code, 200)
        type(self.push).objects.filter(pk=self.push.pk).update(state="failed", reason="greet: 1")
        answer = self.caller.get(f"{self.address}/outcome")
        self.assertEqual(
            (answer.status_code, answer.json()["detail"]), (424, "Push 2: failed: greet: 1")
        )

    def test_an_outcome_that_is_not_known_yet_is_to_be_asked_for_again(self):
        type(self.push).objects.filter(pk=self.push.pk).update(state="queued", number=None)
        answer = self.caller.get(f"{self.address}/outcome?wait=0")
        self.assertEqual((answer.status_code, answer["Retry-After"]), (408, "1"))


class Log(Case):
    """The log, by offset."""

    def setUp(self):
        super().setUp()
        self.address += f"/pushes/{self.push.pk}/log"
        self.push.chunks.all().delete()

    def write(self, *pieces):
        offset = 0
        for sequence, data in enumerate(pieces):
            LogChunk.objects.create(
                push=self.push,
                sequence=sequence,
                offset=offset,
                first_line=0,
                last_line=0,
                data=data,
                spans=[],
            )
            offset += len(data)
        type(self.push).objects.filter(pk=self.push.pk).update(log_bytes=offset)

    def test_the_log_can_be_read_from_each_byte_on(self):
        pieces = [b"one\n", b"two", b" three\n", b"four\n"]
        self.write(*pieces)
        whole = b"".join(pieces).decode()
        for offset in range(len(whole) + 3):
            with self.subTest(offset=offset):
                data = self.caller.get(f"{self.address}?offset={offset}").json()
                self.assertEqual(data["text"], whole[offset:])
                self.assertTrue(data["ended"])

    def test_piece_by_piece_nothing_is_lost_and_no_character_torn(self):
        whole = "".join(f"{number}: žluťoučký kůň 🐎\n" for number in range(200))
        data = whole.encode()
        self.write(*(data[at : at + 77] for at in range(0, len(data), 77)))
        text, data = "", {"next": 0, "ended": False}
        while not data["ended"]:
            data = self.caller.get(f"{self.address}?offset={data['next']}&limit=1025").json()
            text += data["text"]
        self.assertEqual(text, whole)

    def test_bytes_that_are_no_text_reach_the_end_all_the_same(self):
        self.write(b"\xff\xfe", b"half \xf0\x9f")
        data = self.caller.get(self.address).json()
        self.assertEqual((data["next"], data["ended"]), (9, True))
        self.assertEqual(data["text"], "\ufffd\ufffdhalf \ufffd")

    def test_as_text_it_is_the_bytes_themselves(self):
        self.write(b"\xff<script>\n")
        answer = self.caller.get(self.address, Accept="text/plain")
        self.assertEqual(answer.content, b"\xff<script>\n")
        self.assertEqual((answer["Rolf-Next"], answer["Rolf-Ended"]), ("10", "true"))
        self.assertEqual(answer["Content-Type"], "text/plain; charset=utf-8")
        self.assertEqual(answer["X-Content-Type-Options"], "nosniff")

    def test_while_it_waits_or_runs_the_end_is_not_the_end(self):
        self.write(b"one\n")
        type(self.push).objects.filter(pk=self.push.pk).update(state="queued", number=None)
        self.assertFalse(self.caller.get(self.address).json()["ended"])

    def test_a_log_that_was_cleared_away_has_an_end(self):
        data = self.caller.get(f"{self.address}?offset=4").json()
        self.assertEqual((data["text"], data["next"], data["ended"]), ("", 4, True))

    def test_an_offset_that_is_none_is_refused(self):
        for offset in ("-1", "x", str(2**70)):
            with self.subTest(offset):
                answer = self.caller.get(f"{self.address}?offset={offset}")
                self.assertEqual(answer.status_code, 422)
