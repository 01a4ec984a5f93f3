"""What a worker does at each of its heartbeats."""

from unittest import mock

from django.db import OperationalError
from django.test import TestCase

from worker.process import WorkerProcess


class Heartbeat(TestCase):
    """A heartbeat of a worker that carries out a push."""

    def setUp(self):
        self.worker = WorkerProcess(slots={"pushes": 1}, grace=0, changed=lambda: False)
        self.worker._register()

    def test_a_locked_database_does_not_delay_the_watches(self):
        # A stopped child may be the one that holds the lock; only its watch lets it continue.
        watch = mock.Mock()
        self.worker._watches = {1: watch}
        locked = OperationalError("database is locked")
        with (
            mock.patch.object(self.worker, "_beat", side_effect=locked),
            self.assertRaises(OperationalError),
        ):
            self.worker._maintain()
        watch.look.assert_called_once_with()
