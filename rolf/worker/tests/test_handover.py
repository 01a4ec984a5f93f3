"""manage.py worker --check, which pushes of Rolf run on a machine that has only a worker."""

from io import StringIO
from pathlib import Path
from unittest import mock

from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import TestCase

from deployments.models import Application, Category, Deployment
from pushes.models import Push, Worker

from .. import handover

HERE = Path.cwd().name


@mock.patch.object(handover, "PAUSE", 0)
class Check(TestCase):
    """The check, with and without a worker."""

    def check_worker(self, release=HERE):
        with mock.patch.object(handover.wait_for_worker, "__defaults__", (0,)):
            out = StringIO()
            call_command("worker", "--check", stdout=out)
            return out.getvalue()

    def test_a_worker_of_this_release_is_enough(self):
        worker = Worker.objects.start(release=HERE)
        self.assertEqual(self.check_worker(), f"{worker} runs release {HERE}\n")

    def test_no_worker_is_an_error_with_a_next_command(self):
        Worker.objects.start(release=HERE, ended="2026-01-01T00:00Z")
        other = Worker.objects.start(release=HERE)
        Worker.objects.filter(pk=other.pk).update(machine="another 1")
        with self.assertRaisesMessage(CommandError, "next: sudo journalctl -u rolf-worker"):
            self.check_worker()

    def test_an_old_worker_counts_while_it_has_a_push(self):
        worker = Worker.objects.start(release="before")
        with self.assertRaises(CommandError):
            self.check_worker()
        shop = Application.objects.create(
            name="shop", category=Category.objects.create(name="Sites")
        )
        deployment = Deployment.objects.create(application=shop, name="production")
        Push.objects.create(deployment=deployment, state=Push.State.RUNNING, worker=worker)
        self.assertIn("before", self.check_worker())
