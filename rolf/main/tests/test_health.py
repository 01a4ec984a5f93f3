from contextlib import contextmanager
from datetime import timedelta
from unittest import mock

from django.db import OperationalError, connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import TestCase
from django.utils import timezone

from deployments.models import Deployment
from main.tests.cast import Cast
from pushes.models import HEARD, Worker


class HealthTests(TestCase):
    def test_a_living_process_is_healthy_without_a_database(self):
        with mock.patch.object(connection, "cursor", side_effect=OperationalError("away")):
            answer = self.client.get("/healthz", headers={"host": "localhost"})
        self.assertEqual((answer.status_code, answer.json()), (200, {"status": "ok"}))
        self.assertIn("no-cache", answer["Cache-Control"])

    def setUp(self):
        self.worker = Worker.objects.create(
            name="alive", machine="here", pid=1, beat=timezone.now()
        )

    def assertFails(self, **checks):  # noqa: N802 - as unittest has it
        with self.assertLogs("django.request", "ERROR"):
            answer = self.client.get("/readyz")
        self.assertEqual(answer.status_code, 503)
        self.assertEqual(
            answer.json(),
            {"status": "failing", "database": "ok", "migrations": "ok", "worker": "ok", **checks},
        )

    def test_healthy(self):
        answer = self.client.get("/readyz", headers={"host": "localhost"})
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(
            answer.json(), {"status": "ok", "database": "ok", "migrations": "ok", "worker": "ok"}
        )
        self.assertIn("no-cache", answer["Cache-Control"])

    def test_unapplied_migration(self):
        [last] = MigrationLoader(connection).graph.leaf_nodes("accounts")
        MigrationRecorder(connection).record_unapplied(*last)
        with self.assertLogs("django.request", "ERROR"):
            answer = self.client.get("/readyz")
        self.assertEqual(answer.status_code, 503)
        self.assertRegex(answer.json()["migrations"], r"^\d+ unapplied$")

    def test_unreachable_database(self):
        fault = OperationalError("no route to db.internal for user admin")
        with (
            mock.patch.object(connection, "cursor", side_effect=fault),
            self.assertLogs("main.health", "ERROR"),
            self.assertLogs("django.request", "ERROR"),
        ):
            answer = self.client.get("/readyz")
        self.assertEqual(answer.status_code, 503)
        self.assertEqual(answer.json()["database"], "unreachable")
        self.assertNotIn(b"internal", answer.content)

    def test_no_living_worker(self):
        silent = timezone.now() - timedelta(seconds=HEARD + 1)
        for fields in ({"beat": silent}, {"ended": timezone.now()}):
            with self.subTest(fields):
                Worker.objects.update(**{"beat": timezone.now(), "ended": None, **fields})
                self.assertFails(worker="none lives")
        Worker.objects.all().delete()
        self.assertFails(worker="none lives")

    def test_each_label_that_a_deployment_asks_for_needs_a_worker(self):
        deployment = Cast().mine
        Deployment.objects.filter(pk=deployment.pk).update(labels="dmz plone")
        Worker.objects.update(labels="dmz")
        self.assertFails(worker="none with the labels dmz plone")
        Worker.objects.update(labels="dmz plone solr")
        self.assertEqual(self.client.get("/readyz").status_code, 200)
        Worker.objects.update(labels="")
        Deployment.objects.filter(pk=deployment.pk).update(deleted=timezone.now())
        self.assertEqual(self.client.get("/readyz").status_code, 200)

    def test_worker_that_ends_for_a_new_release_is_healthy(self):
        Worker.objects.update(
            beat=timezone.now() - timedelta(seconds=HEARD + 1),
            ended=timezone.now() + timedelta(seconds=5),
        )
        self.assertEqual(self.client.get("/readyz").status_code, 200)

    def test_read_only_database(self):
        with self.assertLogs("main.readiness", "ERROR"), read_only():
            self.assertFails(database="not writable")
        self.assertEqual(self.client.get("/readyz").status_code, 200)


@contextmanager
def read_only():
    """Refuse writes to the database in the body."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA query_only = on")
            yield
            cursor.execute("PRAGMA query_only = off")
        else:
            cursor.execute("SET TRANSACTION READ ONLY")
            yield
            transaction.set_rollback(True)  # the end of the savepoint allows writes again
