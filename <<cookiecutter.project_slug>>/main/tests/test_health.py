"""/healthz."""

from unittest import mock

from django.db import OperationalError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import TestCase


class Health(TestCase):
    """What monitoring is told."""

    def test_all_is_well(self):
        answer = self.client.get("/healthz", headers={"host": "localhost"})
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(answer.json(), {"status": "ok", "database": "ok", "migrations": "ok"})
        self.assertIn("no-cache", answer["Cache-Control"])

    def test_a_missing_migration_is_reported(self):
        [last] = MigrationLoader(connection).graph.leaf_nodes("accounts")
        MigrationRecorder(connection).record_unapplied(*last)
        with self.assertLogs("django.request", "ERROR"):
            answer = self.client.get("/healthz")
        self.assertEqual(answer.status_code, 503)
        self.assertRegex(answer.json()["migrations"], r"^\d+ unapplied$")

    def test_a_database_that_is_away_is_reported_without_its_secrets(self):
        fault = OperationalError("no route to db.internal for user admin")
        with (
            mock.patch.object(connection, "cursor", side_effect=fault),
            self.assertLogs("main.health", "ERROR"),
            self.assertLogs("django.request", "ERROR"),
        ):
            answer = self.client.get("/healthz")
        self.assertEqual(answer.status_code, 503)
        self.assertEqual(answer.json()["database"], "unreachable")
        self.assertNotIn(b"internal", answer.content)
