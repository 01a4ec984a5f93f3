"""What dead workers left behind is set right."""

import os
import subprocess
from datetime import timedelta

from django.test import TestCase
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from deployments.models import Application, Category, Deployment
from pushes import tasks
from pushes.models import Push
from worker import sweeping
from worker.models import LAPSED, Worker, machine


class Case(TestCase):
    """Two deployments, and workers that live or don't."""

    def setUp(self):
        shop = Application.objects.create(
            name="shop", category=Category.objects.create(name="Sites"))
        self.here, self.there = (
            Deployment.objects.create(application=shop, name=name) for name in ("here", "there"))
        self.now = timezone.now()

    def worker(self, name, seconds, **more):
        """Return one that said so many seconds ago that it lives."""
        return Worker.objects.create(**{
            "name": name, "machine": "elsewhere", "pid": 1,
            "beat": self.now - timedelta(seconds=seconds), **more})

    def running(self, worker, deployment=None):
        """Return a push that it carries out, and its task."""
        push = Push.objects.create(deployment=deployment or self.here, user_name="ben",
                                   state="running", worker=worker)
        result = tasks.run_push.enqueue(push.pk)
        task = DBTaskResult.objects.get(pk=result.id)
        task.claim(worker.name)
        return push, task

    def assertStands(self, push, state, task=None, status=None):  # noqa: N802 - as unittest has it
        push.refresh_from_db()
        self.assertEqual(push.state, state)
        if task:
            task.refresh_from_db()
            self.assertEqual(task.status, status)


class Workers(Case):
    """Who is who."""

    def test_a_process_number_is_one_machines(self):
        mine = self.worker("mine", 0, machine=machine(), pid=17)
        self.worker("elsewhere", 0, pid=17)
        self.worker("before", 0, machine=machine(), pid=17, ended=self.now)
        self.assertEqual(Worker.objects.of_process(17), mine)


class Sweeping(Case):
    """Every few seconds."""

    def test_a_push_whose_workers_heart_has_stopped_is_lost(self):
        push, task = self.running(self.worker("dead", LAPSED + 1))
        other, fine = self.running(self.worker("alive", 1), self.there)
        sweeping.sweep()
        self.assertStands(push, "lost", task, TaskResultStatus.FAILED)
        self.assertEqual(push.reason, "its runner died")
        self.assertIsNotNone(push.ended)
        self.assertStands(other, "running", fine, TaskResultStatus.RUNNING)

    def test_a_worker_of_this_machine_whose_process_is_gone_is_dead_at_once(self):
        with subprocess.Popen(["true"]) as process:  # noqa: S607 - that of PATH
            pass
        push, _ = self.running(self.worker("gone", 0, machine=machine(), pid=process.pid))
        other, _ = self.running(
            self.worker("here", 0, machine=machine(), pid=os.getpid()), self.there)
        sweeping.sweep()
        self.assertStands(push, "lost")
        self.assertStands(other, "running")

    def test_a_push_whose_worker_has_ended_is_lost(self):
        push, _ = self.running(self.worker("ended", 1, ended=self.now))
        sweeping.sweep()
        self.assertStands(push, "lost")

    def test_a_lost_push_leaves_its_deployment_free(self):
        self.running(self.worker("dead", LAPSED + 1))
        sweeping.sweep()
        Push.objects.create(deployment=self.here, user_name="ben")

    def test_twice_is_as_once(self):
        push, _ = self.running(self.worker("dead", LAPSED + 1))
        sweeping.sweep()
        push.refresh_from_db()
        version = push.version
        sweeping.sweep()
        push.refresh_from_db()
        self.assertEqual(push.version, version)

    def test_a_queued_push_without_a_task_gets_one_and_one_only(self):
        push = Push.objects.create(deployment=self.here, user_name="ben")
        sweeping.sweep()
        self.assertFalse(DBTaskResult.objects.exists(), "its task may be on its way")
        Push.objects.update(created=self.now - timedelta(seconds=sweeping.BETWEEN + 1))
        sweeping.sweep()
        sweeping.sweep()
        self.assertEqual(DBTaskResult.objects.get().args_kwargs["args"], [push.pk])


class Child(Case):
    """A process of the worker's that died alone."""

    def test_its_push_alone_is_lost(self):
        worker = self.worker("alive", 1)
        push, task = self.running(worker)
        other, fine = self.running(worker, self.there)
        sweeping.child_died(worker, task)
        self.assertStands(push, "lost", task, TaskResultStatus.FAILED)
        self.assertStands(other, "running", fine, TaskResultStatus.RUNNING)
