"""/metrics: who can read it, and what it says."""

import re
import threading
import time
from datetime import timedelta
from unittest import mock

from django.db import OperationalError
from django.test import SimpleTestCase, TestCase, override_settings
from django.utils import timezone

from main import metrics
from main.deadline import Bounded
from main.prometheus import Histogram, Metric, render
from main.push_totals import PushTotals
from main.tests.cast import Cast
from pushes.models import Push

LINE = re.compile(
    r"# (HELP|TYPE) [a-z_]+ .+|"
    r'[a-z_]+(\{([a-z]+="([^"\\\n]|\\[\\"n])*",?)+\})? -?\d+(\.\d+)?(e-?\d+)?'
)
TOKEN = "a-token-of-the-tests"  # noqa: S105


class Protection(TestCase):
    """It is off by default; a token or an address opens it."""

    def status(self, address="192.0.2.1", **headers):
        return self.client.get("/metrics", REMOTE_ADDR=address, headers=headers).status_code

    def test_it_is_off_by_default(self):
        self.assertEqual(self.status("127.0.0.1"), 404)

    @override_settings(METRICS_TOKEN=TOKEN)
    def test_a_token_is_needed(self):
        self.assertEqual(self.status(), 401)
        self.assertEqual(self.status(Authorization="Bearer wrong"), 401)
        self.assertEqual(self.status(Authorization="Bearer ä"), 401)
        self.assertEqual(self.status(Authorization=f"Basic {TOKEN}"), 401)
        self.assertEqual(self.status(Authorization=f"Bearer {TOKEN}"), 200)

    @override_settings(METRICS_ADDRESSES=["127.0.0.1", "10.0.0.0/8", "2001:db8::/32"])
    def test_an_address_is_enough(self):
        for address, status in [
            ("127.0.0.1", 200),
            ("10.1.2.3", 200),
            ("2001:db8::1", 200),
            ("192.0.2.1", 401),
            ("", 401),
        ]:
            with self.subTest(address):
                self.assertEqual(self.status(address), status)

    def test_an_empty_token_opens_nothing(self):
        with override_settings(METRICS_TOKEN="", METRICS_ADDRESSES=["127.0.0.1"]):
            self.assertEqual(self.status(Authorization="Bearer "), 401)


@override_settings(METRICS_ADDRESSES=["127.0.0.1"])
class Content(TestCase):
    """What it says about pushes, workers and the audit log."""

    @classmethod
    def setUpTestData(cls):
        cls.cast = Cast()

    def setUp(self):
        self.enterContext(mock.patch.object(metrics, "_totals", PushTotals()))

    def values(self):
        text = self.client.get("/metrics").content.decode()
        for line in text.splitlines():
            self.assertRegex(line, f"^({LINE.pattern})$")
        lines = [line for line in text.splitlines() if not line.startswith("#")]
        return {key: float(value) for key, _, value in (line.rpartition(" ") for line in lines)}

    def push(self, state, *, waited=1, took=10, deployment=None):
        now = timezone.now()
        push = Push.objects.create(
            deployment=deployment or self.cast.mine,
            state=state,
            started=now - timedelta(seconds=took),
            ended=now,
        )
        Push.objects.filter(pk=push.pk).update(queued=now - timedelta(seconds=took + waited))
        return push

    def test_it_is_the_text_format(self):
        answer = self.client.get("/metrics")
        self.assertEqual(answer["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
        self.assertTrue(answer.content.endswith(b"\n"))

    def test_waiting_and_running_pushes_are_counted(self):
        push = Push.objects.create(deployment=self.cast.mine, state="queued")
        Push.objects.filter(pk=push.pk).update(queued=timezone.now() - timedelta(seconds=90))
        Push.objects.create(deployment=self.cast.other, state="running")
        values = self.values()
        self.assertEqual(values['rolf_pushes{state="queued"}'], 1)
        self.assertEqual(values['rolf_pushes{state="running"}'], 1)
        self.assertAlmostEqual(values["rolf_oldest_queued_seconds"], 90, delta=5)

    def test_nothing_waits(self):
        values = self.values()
        self.assertEqual(values['rolf_pushes{state="queued"}'], 0)
        self.assertEqual(values["rolf_oldest_queued_seconds"], 0)
        self.assertEqual(values["rolf_streams"], 0)
        self.assertEqual(values["rolf_database_up"], 1)

    def test_ended_pushes_are_counted_by_duration(self):
        before = self.values()['rolf_push_duration_seconds_count{state="succeeded"}']
        self.push("succeeded", took=40, waited=3)
        self.push("failed", took=20_000, waited=1)
        values = self.values()
        name = 'rolf_push_duration_seconds_bucket{state="succeeded",le="%s"}'
        self.assertEqual(values[name % 60] - values[name % 30], 1)
        self.assertEqual(values['rolf_push_duration_seconds_count{state="succeeded"}'] - before, 1)
        self.assertEqual(values['rolf_push_duration_seconds_bucket{state="failed",le="7200"}'], 0)
        self.assertEqual(values['rolf_push_duration_seconds_bucket{state="failed",le="+Inf"}'], 1)
        wait = 'rolf_push_wait_seconds_bucket{le="%s"}'
        self.assertEqual(values[wait % 5] - values[wait % 2], 1)

    def test_old_pushes_are_counted_once(self):
        totals = PushTotals()
        active = self.push("queued")
        self.push("succeeded")
        number = totals().waited.number
        self.assertEqual(totals().waited.number, number)
        Push.objects.filter(pk=active.pk).update(state="failed")
        with mock.patch("main.push_totals.CHUNK", 1):
            self.assertEqual(totals().waited.number, number)
        self.push("succeeded", deployment=self.cast.other)
        self.assertEqual(totals().waited.number, number + 1)

    def test_the_age_of_each_heartbeat_is_there(self):
        worker = self.cast.worker()
        type(worker).objects.update(beat=timezone.now() - timedelta(seconds=30), machine='a"b 1')
        values = self.values()
        name = 'rolf_worker_heartbeat_age_seconds{machine="a\\"b",pid="1"}'
        self.assertAlmostEqual(values[name], 30, delta=5)

    @override_settings(AUDIT_SINKS=["file:///var/log/audit?facility=user"])
    def test_a_sink_that_is_behind_is_seen(self):
        self.assertIn('rolf_audit_behind{sink="file:///var/log/audit"}', self.values())
        self.assertIn("rolf_audit_pending", self.values())

    def test_no_name_of_a_deployment_is_in_it(self):
        text = self.client.get("/metrics").content.decode()
        self.assertNotIn("shop", text)

    def test_without_a_database_it_says_so(self):
        with (
            mock.patch.object(metrics, "measured", side_effect=OperationalError("away")),
            self.assertLogs("main.metrics", "WARNING"),
        ):
            values = self.values()
        self.assertEqual(values, {"rolf_streams": 0, "rolf_database_up": 0})

    def test_as_many_queries_for_many_pushes(self):
        self.values()
        with self.assertNumQueries(9):
            self.values()
        for _ in range(20):
            self.push("succeeded")
        with self.assertNumQueries(10):  # once more for those that ended
            self.values()


class Format(SimpleTestCase):
    """The text format."""

    def test_labels_are_escaped(self):
        metric = Metric("x", "gauge", "An x.").add(0.5, name='a"\\\n')
        self.assertEqual(
            render([metric]), '# HELP x An x.\n# TYPE x gauge\nx{name="a\\"\\\\\\n"} 0.5\n'
        )

    def test_a_histogram_counts_up_to_each_bound(self):
        histogram = Histogram((1, 5))
        for value in (0.5, 1, 3, 9):
            histogram.observe(value)
        metric = Metric("x", "histogram", "Some x.")
        histogram.add_to(metric)
        self.assertEqual([value for _, _, value in metric.samples], [2, 3, 4, 13.5, 4])


class Deadlines(SimpleTestCase):
    """A database that hangs."""

    def test_a_caller_waits_no_longer_than_the_deadline(self):
        go_on, calls = threading.Event(), []

        def hang():
            calls.append(1)
            go_on.wait(10)
            return "answer"

        bounded = Bounded(hang, 0.1)
        began = time.monotonic()
        for _ in range(3):
            with self.assertRaises(TimeoutError):
                bounded()
        self.assertLess(time.monotonic() - began, 5)
        self.assertEqual(len(calls), 1, "each caller started a thread")
        go_on.set()
        while not bounded._call.done.is_set():
            time.sleep(0.01)
        self.assertEqual(bounded(), "answer")

    def test_an_error_reaches_the_caller(self):
        with self.assertRaises(ZeroDivisionError):
            Bounded(lambda: 1 / 0, 5)()
