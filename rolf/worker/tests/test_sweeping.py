"""Sweeping cleans up after workers that died."""

import os
import subprocess
import uuid
from datetime import timedelta
from unittest import skipUnless

from bootstrapper.deploy.events.event import (
    PushEnded,
    PushStarted,
    StageEnded,
    StageStarted,
    State,
)
from bootstrapper.deploy.events.record import fold
from django.db import IntegrityError, connection, transaction
from django.test import TestCase
from django.utils import timezone

from deployments.models import Application, Category, Deployment
from pushes.models import LEASE, Push, Worker, process_namespace
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

    def running(self, worker, deployment=None, **more):
        """Return a push that the worker has begun."""
        return Push.objects.create(
            **{
                "deployment": deployment or self.here,
                "user_name": "ben",
                "state": "running",
                "worker": worker,
                "number": 1,
                **more,
            }
        )

    def assertStands(self, push, state):  # noqa: N802 - as unittest has it
        push.refresh_from_db()
        self.assertEqual(push.state, state)


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
        push = self.running(self.worker("dead", LEASE + 1))
        other = self.running(self.worker("alive", 1), self.there)
        sweeping.sweep()
        self.assertStands(push, "lost")
        self.assertEqual(push.reason, "its runner died")
        self.assertIsNotNone(push.ended)
        self.assertStands(other, "running")

    def test_a_worker_of_this_machine_whose_process_is_gone_is_dead_at_once(self):
        with subprocess.Popen(["true"]) as process:  # noqa: S607 - that of PATH
            pass
        push = self.running(self.worker("gone", 0, machine=process_namespace(), pid=process.pid))
        other = self.running(
            self.worker("here", 0, machine=process_namespace(), pid=os.getpid()), self.there
        )
        sweeping.sweep()
        self.assertStands(push, "lost")
        self.assertStands(other, "running")

    def test_a_worker_of_another_machine_of_that_name_lives(self):
        with subprocess.Popen(["true"]) as process:  # noqa: S607 - that of PATH
            pass
        host, _, namespace = process_namespace().split()
        other = f"{host} {uuid.uuid4()} {namespace}"  # a clone: only its boot differs
        push = self.running(self.worker("other", 0, machine=other, pid=process.pid))
        sweeping.sweep()
        self.assertStands(push, "running")
        self.assertEqual(push.worker.host, host)

    @skipUnless(connection.vendor == "sqlite", "the rule of SQLite")
    def test_a_worker_of_this_machine_is_silent_and_lives(self):
        worker = self.worker("here", 600, machine=process_namespace(), pid=os.getpid())
        push = self.running(worker)
        sweeping.sweep()
        self.assertStands(push, "running")
        self.assertEqual(push.effective_state, "running")

    @skipUnless(connection.vendor == "postgresql", "the rule of other databases")
    def test_a_silent_worker_of_this_machine_loses_its_lease(self):
        worker = self.worker("here", LEASE + 1, machine=process_namespace(), pid=os.getpid())
        push = self.running(worker)
        sweeping.sweep()
        self.assertStands(push, "lost")
        self.assertFalse(worker.confirm())

    def test_a_silent_worker_whose_number_another_process_has_is_dead(self):
        with subprocess.Popen(["sleep", "60"]) as process:  # noqa: S607 - that of PATH
            worker = self.worker("here", 600, machine=process_namespace(), pid=process.pid)
            Worker.objects.update(started=self.now - timedelta(seconds=600))
            worker.refresh_from_db()
            push = self.running(worker)
            self.assertEqual(push.effective_state, "lost")
            sweeping.sweep()
            process.kill()
        self.assertStands(push, "lost")

    def test_a_push_whose_worker_has_ended_is_lost(self):
        push = self.running(self.worker("ended", 1, ended=self.now))
        sweeping.sweep()
        self.assertStands(push, "lost")

    def test_nobody_holds_himself_to_be_dead(self):
        worker = self.worker("alive", LEASE + 1)
        push = self.running(worker)
        sweeping.sweep(worker, [push.pk])
        self.assertStands(push, "running")

    def test_a_lost_push_leaves_its_deployment_free(self):
        self.running(self.worker("dead", LEASE + 1))
        with self.assertRaises(IntegrityError), transaction.atomic():
            Push.objects.create(deployment=self.here, user_name="ben")
        sweeping.sweep()
        Push.objects.create(deployment=self.here, user_name="ben")

    def test_twice_is_as_once(self):
        push = self.running(self.worker("dead", LEASE + 1))
        sweeping.sweep()
        push.refresh_from_db()
        version = push.version
        sweeping.sweep()
        push.refresh_from_db()
        self.assertEqual(push.version, version)


class NeverBegun(Case):
    """A worker died after it had claimed a push, and before it began the push."""

    def test_the_push_is_queued_again(self):
        push = self.running(self.worker("dead", LEASE + 1), number=None, claims=1)
        sweeping.sweep()
        self.assertStands(push, "queued")
        self.assertIsNone(push.worker)

    def test_a_claim_without_an_answer_is_queued_again(self):
        """The database ended the connection after the claim: the worker does not know of it."""
        worker = self.worker("alive", 1)
        push = self.running(worker, number=None, claims=1)
        begun = self.running(worker, self.there, claims=1)
        sweeping.sweep(worker, [])
        self.assertStands(push, "queued")
        self.assertStands(begun, "lost")

    def test_a_push_that_kills_its_workers_is_lost(self):
        push = self.running(self.worker("dead", LEASE + 1), number=None, claims=sweeping.MOST)
        sweeping.sweep()
        self.assertStands(push, "lost")

    def test_a_resumed_push_is_queued_again(self):
        record = fold({"id": 1, "stages": []}, ()).after(
            PushEnded(at=2.0, state=State.FAILED, reason="a: exit status 1")
        )
        push = self.running(
            self.worker("dead", LEASE + 1), resumed=True, record=record.to_json(), claims=1
        )
        sweeping.sweep()
        self.assertStands(push, "queued")

    def test_a_resumed_push_that_had_begun_is_lost(self):
        record = fold({"id": 1, "stages": []}, ()).after(PushStarted(at=1.0, resumed=True))
        push = self.running(
            self.worker("dead", LEASE + 1), resumed=True, record=record.to_json(), claims=1
        )
        sweeping.sweep()
        self.assertStands(push, "lost")


class Child(Case):
    """A process of the worker's that died alone."""

    def test_its_push_alone_is_lost(self):
        worker = self.worker("alive", 1)
        push = self.running(worker)
        other = self.running(worker, self.there)
        sweeping.sweep(worker, [other.pk])
        self.assertStands(push, "lost")
        self.assertStands(other, "running")

    def test_the_rollback_that_it_carried_out_after_a_push_is_lost_with_it(self):
        worker = self.worker("alive", 1)
        push = self.running(worker)
        Push.objects.filter(pk=push.pk).update(state="failed")
        back = Push.objects.create(
            deployment=self.here, user_name="ben", state="running", worker=worker, rollback_of=push
        )
        sweeping.sweep(worker, [push.pk])
        self.assertStands(back, "running")
        sweeping.sweep(worker, [])
        self.assertStands(back, "lost")
        self.assertStands(push, "failed")

    def test_one_that_had_come_to_its_end_has_ended_so(self):
        worker = self.worker("alive", 1)
        push = self.running(worker)
        record = (
            fold({"id": 1, "stages": []}, ())
            .after(PushStarted(at=1.0))
            .after(PushEnded(at=2.0, state=State.FAILED, reason="a: exit status 1"))
        )
        Push.objects.filter(pk=push.pk).update(record=record.to_json())
        sweeping.sweep(worker, [])
        self.assertStands(push, "failed")
        self.assertEqual(push.reason, "a: exit status 1")

    def test_one_whose_stages_were_all_done_has_succeeded(self):
        worker = self.worker("alive", 1)
        record = (
            fold({"id": 1, "stages": [{"name": "a"}, {"name": "b"}]}, ())
            .after(PushStarted(at=1.0))
            .after(StageStarted(at=1.0, stage=0))
            .after(StageEnded(at=2.0, stage=0, state=State.SUCCEEDED, exit=0))
            .after(StageEnded(at=2.0, stage=1, state=State.SKIPPED))
        )
        push = self.running(worker, record=record.to_json())
        sweeping.sweep(worker, [])
        self.assertStands(push, "succeeded")
        self.assertEqual(push.reason, "")
