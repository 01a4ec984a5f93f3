"""A push whose process was stopped before it could keep that a stage runs."""

import os
import signal
import subprocess
import time
from unittest import mock

from bootstrapper.deploy.events.record import fold
from bootstrapper.deploy.running import process_tree
from django.test import TestCase

from main.tests.cast import Cast
from worker.unresponsive import PATIENCE, WAKE, PushWatch


class Stopped(TestCase):
    """Nothing is known but that the process stands still."""

    def setUp(self):
        self.push = Cast().mine.pushes.first()
        type(self.push).objects.filter(pk=self.push.pk).update(state="running", record=None)
        self.child = subprocess.Popen(["sleep", "60"])  # noqa: S607
        self.addCleanup(self.child.wait)
        self.addCleanup(self.child.kill)
        self.watch = PushWatch(self.child.pid, self.push.pk)

    def stopped(self):
        return process_tree.status(self.child.pid).stopped

    def look(self, at):
        with mock.patch.object(time, "monotonic", return_value=at):
            self.watch.look()

    def test_it_is_woken_once_that_is_long(self):
        os.kill(self.child.pid, signal.SIGSTOP)
        os.waitpid(self.child.pid, os.WUNTRACED)
        for at in (100.0, 100.0 + WAKE):
            self.look(at)
            self.assertTrue(self.stopped())
        self.look(100.1 + WAKE)
        os.waitpid(self.child.pid, os.WCONTINUED)
        self.assertFalse(self.stopped())

    def test_it_is_woken_again_and_again(self):
        for at in (100.0, 200.0):
            self.look(at - 1)
            os.kill(self.child.pid, signal.SIGSTOP)
            os.waitpid(self.child.pid, os.WUNTRACED)
            self.look(at)
            self.look(at + 2 * WAKE)
            os.waitpid(self.child.pid, os.WCONTINUED)
            self.assertFalse(self.stopped())

    def test_a_stage_that_stops_it_again_and_again_times_out(self):
        record = fold({"id": 1, "deployment": "production", "stages": [{"name": "stop"}]}, [])
        type(self.push).objects.filter(pk=self.push.pk).update(
            record=record.to_json(), snapshot={"stages": [{"name": "stop", "timeout": 2.0}]}
        )
        for second in range(int(PATIENCE) + 4):
            status = process_tree.status(self.child.pid)
            if status and not status.zombie and not status.stopped:
                os.kill(self.child.pid, signal.SIGSTOP)
                os.waitpid(self.child.pid, os.WUNTRACED)
            self.look(100.0 + second)
        self.push.refresh_from_db()
        self.assertEqual(
            (self.push.state, self.push.record["stages"][0]["state"]), ("failed", "failed")
        )
        self.assertIn("stop timed out after 2s", self.push.reason)
        self.assertEqual(self.child.wait(60), -signal.SIGKILL)
