"""Old logs move into a store, and read as before."""

import errno
import os
import random
import shutil
import unittest
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from unittest import mock

from bootstrapper.deploy.events.event import State
from bootstrapper.deploy.events.record import Record, StageRecord
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.test import TestCase, override_settings
from django.urls import reverse
from django.utils import timezone

from api.tests.caller import Caller, made
from main.tests.cast import Cast
from pushes.models import LogChunk, Push

from ..log_view.lines import lines, raw
from ..log_view.search import first_error, first_hit
from ..logs import archive, frames, join
from ..maintenance import maintain
from ..store.checks import check_directories, check_stores
from ..store.directory import PARTS
from ..store.objects import AWAY, ObjectStore, StoreError
from .chunked import push_with_log
from .stores import directory_store, moto_server, s3_server
from .test_lines import Case

DATA = b"".join(b"line %04d of the log, \xc3\xa4hnlich\n" % number for number in range(3000))


def files_of(url):
    """Return the objects in a directory store."""
    return [file for file in Path(url.removeprefix("file://")).rglob("*") if file.is_file()]


class Stored(Case):
    """A store in a directory."""

    @classmethod
    def make_store(cls, stack):
        return stack.enter_context(directory_store())

    def setUp(self):
        self.stack = ExitStack()
        self.addCleanup(self.stack.close)
        self.url = self.make_store(self.stack)
        self.stack.enter_context(self.settings(LOG_STORE=self.url, LOG_STORE_AFTER=7))
        self.stack.enter_context(mock.patch.object(join, "ROW", 20_000))
        frames.read.cache_clear()
        self.addCleanup(frames.read.cache_clear)

    def ended(self, days=10, data=DATA, **fields):
        fields = {"ended": timezone.now() - timedelta(days=days)} | fields
        push = push_with_log(self.deployment, data, cuts=range(0, len(data), 777), **fields)
        join.finish(push)
        return push


class Archive(Stored):
    """`store_due` of the daily maintenance."""

    def test_a_stored_log_reads_as_before(self):
        push = self.ended()
        chance = random.Random(3)  # noqa: S311
        asked = [(chance.randrange(3000), chance.randrange(1, 400)) for _ in range(20)]
        before = [(lines(push, *each), first_hit(push, "2999 of", each[0])) for each in asked]
        self.assertEqual(archive.store_due(), 1)
        self.assertFalse(push.chunks.filter(digest=None).exists())
        self.assertEqual(
            {bytes(data) for data in push.chunks.values_list("data", flat=True)}, {b""}
        )
        after = [(lines(push, *each), first_hit(push, "2999 of", each[0])) for each in asked]
        self.assertEqual(after, before)
        self.assertEqual(b"".join(raw(push)), DATA)
        self.assertEqual(first_hit(push, "Ähnlich", 2000), 2000)
        self.assertEqual(first_hit(push, "line", 2000, backwards=True), 2000)
        self.assertTrue(Push.objects.get(pk=push.pk).stored)
        self.assertEqual(archive.store_due(), 0)

    def test_a_reader_in_the_middle_goes_on(self):
        push = self.ended()
        reading = raw(push)
        found = next(reading) + next(reading)
        archive.store_due()
        self.assertEqual(found + b"".join(reading), DATA)

    def test_young_running_and_resumable_logs_stay(self):
        self.ended(days=6)
        self.ended(state="running", ended=None)
        last = self.ended(state="failed", number=2)
        self.assertEqual(archive.store_due(), 0)
        Push.objects.filter(state="running").delete()
        self.ended(days=1, state="failed", number=3)
        self.assertEqual(archive.store_due(), 1)  # a later push began, so nobody can resume it
        self.assertTrue(Push.objects.get(pk=last.pk).stored)

    def test_with_0_days_a_log_goes_at_once(self):
        push = push_with_log(
            self.deployment, DATA, cuts=range(0, len(DATA), 777), ended=timezone.now()
        )
        with self.settings(LOG_STORE_AFTER=0):
            archive.after_end(push)
        self.assertFalse(push.chunks.filter(digest=None).exists())

    def test_what_differs_in_the_store_stays_in_the_database(self):
        push = self.ended()
        with (
            mock.patch.object(ObjectStore, "pieces", side_effect=StoreError("has changed")),
            self.assertLogs("rolf.logs", "WARNING"),
        ):
            self.assertEqual(archive.store_due(), 0)
        self.assertFalse(push.chunks.exclude(digest=None).exists())
        self.assertEqual(archive.store_due(), 1)

    def test_a_killed_move_is_completed_later(self):
        push = self.ended()
        real, calls = ObjectStore.put, iter(range(3))

        def dying(*arguments):
            if next(calls, None) is None:
                raise SystemExit
            return real(*arguments)

        with mock.patch.object(ObjectStore, "put", dying), self.assertRaises(SystemExit):
            archive.store_due()
        self.assertEqual(push.chunks.exclude(digest=None).count(), 3)
        self.assertEqual(b"".join(raw(push)), DATA)
        maintain()
        self.assertFalse(push.chunks.filter(digest=None).exists())
        self.assertEqual(b"".join(raw(push)), DATA)


class Directory(Stored):
    """What only a directory does."""

    def test_the_files_are_the_workers_alone(self):
        self.ended()
        archive.store_due()
        for file in files_of(self.url):
            self.assertEqual(file.stat().st_mode & 0o777, 0o600)
            self.assertEqual(file.parent.stat().st_mode & 0o777, 0o700)

    def test_a_full_disk_leaves_the_log_in_the_database(self):
        push = self.ended()
        full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        with (
            mock.patch("pushes.store.directory.os.fsync", side_effect=full),
            self.assertLogs("rolf.logs", "WARNING") as logged,
        ):
            archive.store_due()
        self.assertIn("No space left on device", logged.output[0])
        self.assertEqual(files_of(self.url), [])
        self.assertEqual(b"".join(raw(push)), DATA)

    def test_a_missing_directory_is_not_created(self):
        self.ended()
        directory = Path(self.url.removeprefix("file://"))
        directory.rmdir()
        self.addCleanup(directory.mkdir)
        with self.assertLogs("rolf.logs", "WARNING"):
            archive.store_due()
        self.assertFalse(directory.exists())

    def test_a_changed_file_is_noticed(self):
        push = self.ended()
        archive.store_due()
        for file in files_of(self.url):
            file.write_bytes(b"other")
        with self.assertRaisesMessage(StoreError, "has changed"):
            lines(push, 0, 9)

    def test_incomplete_files_are_removed_after_a_day(self):
        parts = Path(self.url.removeprefix("file://"), PARTS)
        parts.mkdir()
        for name, age in (("old", 90_000), ("new", 9)):
            (parts / name).touch()
            when = timezone.now().timestamp() - age
            os.utime(parts / name, (when, when))
        maintain()
        self.assertEqual([file.name for file in parts.iterdir()], ["new"])

    def test_deploy_check_names_a_missing_directory(self):
        self.assertEqual(check_directories(None), [])
        missing = self.url.removeprefix("file://") + "/mount"
        with self.settings(LOG_STORE=missing):
            [warning] = check_directories(None)
        self.assertEqual(warning.msg, f"ROLF_LOG_STORE: this user cannot write into {missing}.")
        self.assertIn(f"install -d -m 700 {missing}", warning.hint)

    def test_checks_name_the_fault(self):
        for url, fault in (
            ("ftp://host/x", "write an absolute directory or s3://"),
            ("relative/x", "write an absolute directory or s3://"),
        ):
            with self.settings(LOG_STORE=url):
                self.assertIn(fault, check_stores(None)[0].msg)
        with (
            mock.patch.dict("sys.modules", {"storages.backends.s3": None}),
            self.assertRaisesMessage(ImproperlyConfigured, "make vendor"),
        ):
            ObjectStore("ROLF_LOG_STORE", "s3://bucket")


@unittest.skipUnless(moto_server(), "pip install 'moto[server]' 'django-storages[s3]'")
class S3(Archive):
    """The same with a server that speaks S3."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
        cls.enterClassContext(mock.patch.dict(os.environ, keys))
        cls.server, cls.process = cls.enterClassContext(s3_server())

    @classmethod
    def make_store(cls, stack):
        return cls.server

    def test_what_is_pruned_is_deleted(self):
        push = self.ended()
        archive.store_due()
        row = push.chunks.order_by("offset").first()
        archive.delete_frames(push.pk)
        frames.read.cache_clear()
        with self.assertRaises(StoreError):
            frames.read(push.pk, 0, bytes(row.digest))

    def test_a_server_that_is_away(self):
        url = self.url.replace(self.url.rpartition(":")[2], "9&region=us-east-1")
        push = self.ended()
        with self.settings(LOG_STORE=url), self.assertLogs("rolf.logs", "WARNING"):
            self.assertEqual(archive.store_due(), 0)
        archive.store_due()
        frames.read.cache_clear()
        with self.settings(LOG_STORE=url), self.assertRaises(StoreError):
            lines(push, 0, 9)


class Away(TestCase):
    """Pages and the API while the store does not answer."""

    def setUp(self):
        self.cast = Cast()
        stack = ExitStack()
        self.addCleanup(stack.close)
        url = stack.enter_context(directory_store())
        stack.enter_context(override_settings(LOG_STORE=url, LOG_STORE_AFTER=0))
        record = Record(
            id=1, state=State.FAILED, stages=(StageRecord(name="a", state=State.FAILED),)
        )
        self.push = push_with_log(
            self.cast.mine,
            DATA,
            state="failed",
            ended=timezone.now(),
            record=record.to_json(),
            marks={"0": {"line": 0}},
        )
        archive.after_end(self.push)
        self.assertFalse(LogChunk.objects.filter(push=self.push, digest=None).exists())
        shutil.rmtree(url.removeprefix("file://"))
        stack.callback(Path(url.removeprefix("file://")).mkdir)
        frames.read.cache_clear()
        self.client.force_login(self.cast.people["view"])
        self.here = [self.cast.mine.pk, self.push]

    def test_the_page_says_so(self):
        with self.assertLogs("rolf.logs", "ERROR"):
            answer = self.client.get(reverse("pushes:push", args=self.here))
        self.assertContains(answer, AWAY, status_code=503)

    def test_parts_of_the_log_answer_503(self):
        for name, query in (("lines", {}), ("search", {"q": "line"}), ("log", {})):
            with self.subTest(name), self.assertLogs("rolf.logs", "ERROR"):
                answer = self.client.get(reverse(f"pushes:{name}", args=self.here), query)
                self.assertEqual((answer.status_code, answer.json()), (503, {"fault": AWAY}))

    def test_news_go_on(self):
        answer = self.client.get(reverse("pushes:news", args=self.here), {"cursor": "0."})
        self.assertEqual((answer.status_code, answer.json()["html"]), (200, ""))
        self.assertIn("failed", answer.json()["panel"])

    def test_the_error_of_a_stage_is_unknown(self):
        with self.assertRaises(StoreError):
            first_error(self.push)

    def test_the_api_answers_503(self):
        caller = Caller(made(self.cast.people["push"])[1])
        url = f"/api/deployments/{self.cast.mine.pk}/pushes/{self.push.pk}/log"
        with self.assertLogs("rolf.logs", "ERROR"):
            answer = caller.get(url)
        self.assertEqual((answer.status_code, answer.json()["detail"]), (503, AWAY))
        self.assertEqual(answer["Retry-After"], "60")
        self.assertNotIn("rolf-store", answer.content.decode(), "no place of the server")


class ByApi(Stored):
    """The API reads a stored log like another one."""

    def test_the_api_reads_from_each_byte(self):
        push = self.ended()
        archive.store_due()
        user = get_user_model().objects.create_superuser("boss")
        caller = Caller(made(user)[1])
        url = f"/api/deployments/{self.deployment.pk}/pushes/{push.pk}/log"
        found, offset, ended = b"", 0, False
        while not ended:
            answer = caller.get(f"{url}?offset={offset}&limit=30001", Accept="text/plain")
            found += answer.content
            offset, ended = int(answer["Rolf-Next"]), answer["Rolf-Ended"] == "true"
        self.assertEqual(found, DATA)
