"""Migrations keep the rows of earlier releases."""

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import TransactionTestCase
from django.utils import timezone

from ..models import Push, Worker

BEFORE = [("pushes", "0002_switches"), ("worker", "0001_initial")]


class Migrations(TransactionTestCase):
    """The database of a release in which `worker` had the model Worker."""

    def migrate(self, targets):
        """Migrate, and return the models of then."""
        executor = MigrationExecutor(connection)
        executor.migrate(targets)
        return executor.loader.project_state(targets).apps

    def test_worker_keeps_its_rows_and_pushes(self):
        newest = MigrationExecutor(connection).loader.graph.leaf_nodes()
        self.addCleanup(self.migrate, newest)
        apps = self.migrate(BEFORE)
        category = apps.get_model("deployments", "Category").objects.create(name="Sites")
        application = apps.get_model("deployments", "Application").objects.create(
            name="shop", category=category
        )
        deployment = apps.get_model("deployments", "Deployment").objects.create(
            name="production", application=application
        )
        worker = apps.get_model("worker", "Worker").objects.create(
            name="abc", machine="here", pid=4, beat=timezone.now()
        )
        push = apps.get_model("pushes", "Push").objects.create(
            deployment_id=deployment.pk, user_name="ben", number=1, worker=worker
        )
        self.migrate(newest)
        self.assertEqual(Worker.objects.get().pid, 4)
        self.assertEqual(Push.objects.get(pk=push.pk).worker.name, "abc")
