"""What dead workers left behind is set right."""

import os
import subprocess
from datetime import timedelta

from bootstrapper.deploy.events.event import PushEnded, PushStarted, State
from bootstrapper.deploy.events.record import fold
from django.db import IntegrityError, transaction
from django.test import TestCase
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from deployments.models import Application, Category, Deployment
from pushes import tasks
from pushes.models import LAPSED, Push, Worker, process_namespace
from worker import sweeping


class Case(TestCase):
    """Two deployments, and workers that live or don't."""

    def setUp(self):
        shop = Application.objects.create(
            name="shop", category=Category.objects.create(name="Sites")
        )
        self.here, self.there = (
            Deployment.objects.create(application=shop, name=name) for name in ("here", "there")
        )
        self.now = timezone.now()

    def worker(self, name, seconds, **more):
        """Return a worker with a heartbeat of that many seconds ago."""
        return Worker.objects.create(
            **{
                "name": name,
                "machine": "elsewhere",
                "pid": 1,
                "beat": self.now - timedelta(seconds=seconds),
                **more,
            }
        )

    def running(self, worker, deployment=None):
        """Return a push that it carries out, and its task."""
        push = Push.objects.create(
            deployment=deployment or self.here, user_name="ben", state="running", worker=worker
        )
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

    def test_a_child_is_that_of_its_parent_on_this_machine(self):
        parent = os.getppid()
        mine = self.worker("mine", 0, machine=process_namespace(), pid=parent)
        self.worker("elsewhere", 0, pid=parent)
        self.worker("before", 0, machine=process_namespace(), pid=parent, ended=self.now)
        with Worker.objects.carrying() as found:
            self.assertEqual(found, mine)

    def test_who_has_none_is_one_until_he_is_done(self):
        with Worker.objects.carrying() as own:
            self.assertEqual((own.pid, own.lives), (os.getpid(), True))
        own.refresh_from_db()
        self.assertIsNotNone(own.ended)


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
        push, _ = self.running(self.worker("gone", 0, machine=process_namespace(), pid=process.pid))
        other, _ = self.running(
            self.worker("here", 0, machine=process_namespace(), pid=os.getpid()), self.there
        )
        sweeping.sweep()
        self.assertStands(push, "lost")
        self.assertStands(other, "running")

    def test_a_worker_of_this_machine_is_silent_and_lives(self):
        worker = self.worker("here", 600, machine=process_namespace(), pid=os.getpid())
        push, task = self.running(worker)
        sweeping.sweep()
        self.assertStands(push, "running", task, TaskResultStatus.RUNNING)
        self.assertEqual(push.effective_state, "running")

    def test_a_silent_worker_whose_number_another_process_has_is_dead(self):
        with subprocess.Popen(["sleep", "60"]) as process:  # noqa: S607 - that of PATH
            worker = self.worker("here", 600, machine=process_namespace(), pid=process.pid)
            Worker.objects.update(started=self.now - timedelta(seconds=600))
            worker.refresh_from_db()
            push, _ = self.running(worker)
            self.assertEqual(push.effective_state, "lost")
            sweeping.sweep()
            process.kill()
        self.assertStands(push, "lost")

    def test_a_push_whose_worker_has_ended_is_lost(self):
        push, _ = self.running(self.worker("ended", 1, ended=self.now))
        sweeping.sweep()
        self.assertStands(push, "lost")

    def test_nobody_holds_himself_to_be_dead(self):
        worker = self.worker("alive", LAPSED + 1)
        push, task = self.running(worker)
        sweeping.sweep(worker, [task])
        self.assertStands(push, "running", task, TaskResultStatus.RUNNING)

    def test_a_lost_push_leaves_its_deployment_free(self):
        self.running(self.worker("dead", LAPSED + 1))
        with self.assertRaises(IntegrityError), transaction.atomic():
            Push.objects.create(deployment=self.here, user_name="ben")
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
        sweeping.sweep(worker, [fine])
        self.assertStands(push, "lost", task, TaskResultStatus.FAILED)
        self.assertStands(other, "running", fine, TaskResultStatus.RUNNING)

    def test_the_rollback_that_it_carried_out_after_a_push_is_lost_with_it(self):
        worker = self.worker("alive", 1)
        push, task = self.running(worker)
        Push.objects.filter(pk=push.pk).update(state="failed")
        back = Push.objects.create(
            deployment=self.here, user_name="ben", state="running", worker=worker, rollback_of=push
        )
        sweeping.sweep(worker, [task])
        self.assertStands(back, "running")
        sweeping.sweep(worker, [])
        self.assertStands(back, "lost")
        self.assertStands(push, "failed")

    def test_one_that_had_come_to_its_end_has_ended_so(self):
        worker = self.worker("alive", 1)
        push, _ = self.running(worker)
        record = (
            fold({"id": 1, "stages": []}, ())
            .after(PushStarted(at=1.0))
            .after(PushEnded(at=2.0, state=State.FAILED, reason="a: exit status 1"))
        )
        Push.objects.filter(pk=push.pk).update(record=record.to_json())
        sweeping.sweep(worker, [])
        self.assertStands(push, "failed")
        self.assertEqual(push.reason, "a: exit status 1")
