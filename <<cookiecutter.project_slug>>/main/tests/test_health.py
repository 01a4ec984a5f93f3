from unittest import mock

from django.db import OperationalError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import TestCase


class HealthTests(TestCase):
    def test_healthy(self):
        response = self.client.get("/healthz", headers={"host": "localhost"})
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.json(), {"status": "ok", "database": "ok", "migrations": "ok"})
        self.assertIn("no-cache", response["Cache-Control"])

    def test_unapplied_migration(self):
        [last] = MigrationLoader(connection).graph.leaf_nodes("accounts")
        MigrationRecorder(connection).record_unapplied(*last)
        with self.assertLogs("django.request", "ERROR"):
            response = self.client.get("/healthz")
        self.assertEqual(response.status_code, 503)
        self.assertRegex(response.json()["migrations"], r"^\d+ unapplied$")

    def test_unreachable_database(self):
        error = OperationalError("no route to db.internal for user admin")
        with (
            mock.patch.object(connection, "cursor", side_effect=error),
            self.assertLogs("main.health", "ERROR"),
            self.assertLogs("django.request", "ERROR"),
        ):
            response = self.client.get("/healthz")
        self.assertEqual(response.status_code, 503)
        self.assertEqual(response.json()["database"], "unreachable")
        self.assertNotIn(b"internal", response.content)
