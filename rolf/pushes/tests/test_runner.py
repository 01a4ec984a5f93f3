"""Pushes that run in this process, as with other back ends for tasks."""

import tempfile
from pathlib import Path

from django.contrib.auth import get_user_model
from django.test import TransactionTestCase, override_settings
from django.utils import timezone

from deployments.models import Application, Category, Deployment, Stage
from pushes import services

from ..models import Push
from ..run.runner import run


class Case(TransactionTestCase):
    """A deployment without hosts, and a queued push of it."""

    def setUp(self):
        place = self.enterContext(tempfile.TemporaryDirectory())
        self.enterContext(override_settings(WORK_DIRECTORY=Path(place)))
        shop = Application.objects.create(
            name="shop", category=Category.objects.create(name="Sites")
        )
        self.deployment = Deployment.objects.create(application=shop, name="production")
        Stage.objects.create(deployment=self.deployment, name="greet", code="echo hello\n")
        self.user = get_user_model().objects.create_superuser("boss")
        self.push = services.queue_push(self.deployment, self.user)

    def carried_out(self):
        """Run the push, and return its new row."""
        run(self.push.pk)
        return Push.objects.get(pk=self.push.pk)

    def log(self):
        return b"".join(bytes(chunk.data) for chunk in self.push.chunks.order_by("sequence"))


class BackEnds(Case):
    """Calls by any back end."""

    def test_a_push_needs_no_process_of_our_own_worker(self):
        push = self.carried_out()
        self.assertEqual((push.state, push.reason, self.log()), ("succeeded", "", b"hello\n"))
        self.assertIsNotNone(push.worker.ended)

    def test_called_twice_it_runs_once(self):
        self.carried_out()
        self.carried_out()
        self.assertEqual(self.log(), b"hello\n")


class Bytes(Case):
    """Output variables, which are bytes as file names are."""

    def test_a_variable_that_is_not_utf8_reaches_the_next_stage(self):
        self.push.delete()
        write, read = (
            "printf 'NAME=a\\377b\\n' >> $ROLF_OUTPUT\n",
            'printf %s "$NAME" | od -An -tx1\n',
        )
        Stage.objects.update(code=write)
        Stage.objects.create(deployment=self.deployment, name="read", code=read, position=2)
        self.push = services.queue_push(self.deployment, self.user)
        push = self.carried_out()
        self.assertEqual((push.state, push.reason), ("succeeded", ""))
        self.assertEqual(self.log().split(), [b"61", b"ff", b"62"])


class Meanwhile(Case):
    """Changes of the deployment while the push was queued."""

    def test_one_that_was_locked_is_not_pushed(self):
        Deployment.objects.update(
            locked_by="anna", lock_reason="the fair is on", locked_at=timezone.now()
        )
        push = self.carried_out()
        self.assertEqual(
            (push.state, push.reason),
            ("failed", "The deployment is locked by anna: the fair is on"),
        )
        self.assertEqual(self.log(), b"The deployment is locked by anna: the fair is on\n")
