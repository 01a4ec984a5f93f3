"""The checkout of a failed push comes to the machine that resumes it."""

import io
import os
import shutil
import socket
import stat
import subprocess
import tarfile
import tempfile
from datetime import timedelta
from pathlib import Path
from unittest import TestCase, mock

from django.test import override_settings
from django.urls import reverse
from django.utils import timezone

from deployments import work_place as module
from deployments.models import Stage
from deployments.stage_account import remove
from deployments.work_place import work_place
from pushes import services

from ..checkouts import keep
from ..checkouts.archive import TooLarge, Unsafe, pack, unpack
from ..maintenance import maintain
from ..models import Push, Worker, process_namespace
from .stores import directory_store
from .test_runner import Case


def described(directory):
    """Return what is below a directory: by path, kind, mode, content or target."""
    found = {}
    for path in sorted(Path(directory).rglob("*")):
        status = path.lstat()
        content = None
        if stat.S_ISLNK(status.st_mode):
            content = str(path.readlink())
        elif stat.S_ISREG(status.st_mode):
            content = path.read_bytes()
        mode = None if stat.S_ISLNK(status.st_mode) else status.st_mode
        found[os.fsencode(path.relative_to(directory))] = mode, content
    return found


class Archive(TestCase):
    """`pack` and `unpack`."""

    def setUp(self):
        self.place = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.source = self.place / "source"
        self.source.mkdir()

    def back(self, **options):
        """Return the directory that comes back."""
        packed = io.BytesIO()
        pack(self.source, packed, **{"most": 10**9} | options)
        packed.seek(0)
        unpack(packed, self.place / "back")
        return self.place / "back"

    def test_a_directory_comes_back_as_it_was(self):
        (self.source / "empty").mkdir()
        (self.source / "program").write_text("#!/bin/sh\n")
        (self.source / "program").chmod(0o755)
        (self.source / "secret").write_bytes(bytes(range(256)) * 5000)
        (self.source / "secret").chmod(0o600)
        (self.source / ("long" * 60)).write_text("long")
        Path(os.fsdecode(os.fsencode(self.source) + b"/not utf-8 \xff")).write_text("x")
        (self.source / "inside").symlink_to("program")
        (self.source / "outside").symlink_to("/etc/passwd")
        (self.source / "dangling").symlink_to("../../nowhere")
        (self.source / "directory").symlink_to("empty")
        (self.source / "read-only").mkdir()
        (self.source / "read-only" / "file").write_text("x")
        (self.source / "read-only").chmod(0o555)
        self.addCleanup((self.source / "read-only").chmod, 0o755)
        os.utime(self.source / "program", (1_600_000_000, 1_600_000_000))
        back = self.back()
        self.addCleanup((back / "read-only").chmod, 0o755)
        self.assertEqual(described(back), described(self.source))
        self.assertEqual((back / "program").stat().st_mtime, 1_600_000_000)

    def test_hard_links_come_back(self):
        (self.source / "one").write_text("x")
        (self.source / "two").hardlink_to(self.source / "one")
        back = self.back()
        self.assertEqual((back / "one").stat().st_ino, (back / "two").stat().st_ino)

    def test_a_git_repository_comes_back_byte_equal(self):
        def git(*words, cwd=self.source):
            own = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
            who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
            return subprocess.run(
                [shutil.which("git"), *who, *words],
                cwd=cwd,
                check=True,
                capture_output=True,
                env=os.environ | own,
            ).stdout

        git("init", "-q")
        (self.source / "file").write_text("one\n")
        git("add", "file")
        git("commit", "-qm", "one")
        git("gc", "-q")
        (self.source / "file").write_text("two\n")
        before = described(self.source)
        back = self.back()
        self.assertEqual(described(back), before)
        self.assertEqual(git("status", "--short", cwd=back), b" M file\n")
        git("fsck", "--strict", cwd=back)

    def test_a_fifo_comes_back_and_a_socket_is_left_out(self):
        os.mkfifo(self.source / "fifo")
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(self.source / "s"))
            back = self.back()
        self.assertEqual([path.name for path in back.iterdir()], ["fifo"])
        self.assertTrue((back / "fifo").is_fifo())

    def test_a_deep_directory_comes_back_and_goes(self):
        deep = "d/" * 1500
        subprocess.run(["mkdir", "-p", deep], cwd=self.source, check=True)  # noqa: S607  # noqa: S607
        back = self.back()
        self.assertTrue((back / deep).is_dir())
        for each in (self.source, back):
            remove(each)
            self.assertFalse(each.exists())

    def test_beyond_the_limit_nothing_is_packed(self):
        (self.source / "file").write_bytes(b"x" * 1001)
        with self.assertRaisesRegex(TooLarge, "more than 1,000 bytes"):
            self.back(most=1000)

    def unpacked(self, *members):
        """Unpack an archive of members that `pack` does not write."""
        made = io.BytesIO()
        with tarfile.open(fileobj=made, mode="w:gz") as tar:
            for name, kind, target in members:
                info = tarfile.TarInfo(name)
                info.type, info.linkname, info.mode = kind, target, 0o755
                content = b"evil" if kind == tarfile.REGTYPE else b""
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
        made.seek(0)
        unpack(made, self.place / "back")

    def test_no_member_leads_out(self):
        outside = self.place / "outside"
        outside.mkdir()
        (outside / "file").write_text("mine")
        file, link, hard = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE
        for members in (
            [("../outside/evil", file, "")],
            [(f"{outside}/evil", file, "")],
            [("a/../../outside/evil", file, "")],
            [("a", link, str(outside)), ("a/evil", file, "")],
            [("a", link, str(outside / "evil")), ("a", file, "")],
            [("a", hard, "../outside/file")],
            [("a", hard, str(outside / "file"))],
            [("a", link, str(outside / "file")), ("b", hard, "a")],
            [("a", tarfile.CHRTYPE, "")],
            [("", file, "")],
        ):
            with self.subTest(members), self.assertRaises((Unsafe, OSError)):
                self.unpacked(*members)
            self.assertEqual(
                {path.name: path.read_text() for path in outside.iterdir()}, {"file": "mine"}
            )
            shutil.rmtree(self.place / "back")


class Machines(Case):
    """Two machines, each with its work directory."""

    def setUp(self):
        super().setUp()
        Stage.objects.all().delete()
        self.here = Path(self.enterContext(tempfile.TemporaryDirectory()), "here")
        self.there = Path(self.enterContext(tempfile.TemporaryDirectory()), "there")
        self.gate = Path(self.enterContext(tempfile.TemporaryDirectory()), "open")
        for position, (name, code) in enumerate(
            [
                (
                    "make",
                    'echo made > file; ln -s /etc/passwd link; echo SEEN=yes >> "$ROLF_OUTPUT"\n',
                ),
                ("need", f"cat file; test -L link; echo $SEEN; test -e {self.gate}\n"),
            ]
        ):
            Stage.objects.create(
                deployment=self.deployment, name=name, code=code, position=position
            )
        Push.objects.all().delete()
        self.push = services.queue_push(self.deployment, self.user)

    def on(self, directory):
        """Run the push by a worker with that work directory."""
        with override_settings(WORK_DIRECTORY=directory):
            return self.carried_out()

    def resumed(self):
        self.gate.touch()
        self.push = services.resume(Push.objects.get(pk=self.push.pk), self.user)

    def worker(self, directory, age=0):
        with override_settings(WORK_DIRECTORY=directory):
            Worker.objects.create(
                name=str(directory),
                machine=process_namespace(),
                place=work_place(),
                pid=1,
                beat=timezone.now() - timedelta(seconds=age),
            )
            return work_place()

    def test_a_push_is_resumed_on_another_machine(self):
        with directory_store() as url, self.settings(CHECKOUT_STORE=url):
            push = self.on(self.here)
            self.assertEqual(push.state, "failed")
            self.assertNotEqual(push.checkout, "")
            self.resumed()
            push = self.on(self.there)
            self.assertEqual((push.state, push.reason), ("succeeded", ""))
            self.assertEqual(push.checkout, "")
            self.assertIn(b"made\n", self.log())
            maintain()

    def test_to_and_fro_the_newest_checkout_counts(self):
        with directory_store() as url, self.settings(CHECKOUT_STORE=url):
            self.on(self.here)
            for place in (self.there, self.here):
                self.push = services.resume(Push.objects.get(pk=self.push.pk), self.user)
                checkout = place / str(self.deployment.pk) / ".deploy/pushes/1/checkout"
                push = self.on(place)
                self.assertEqual(push.state, "failed", push.reason)
                (checkout / "file").write_text(f"changed in {place.name}\n")
                keep.keep(push, checkout.parent)
            self.resumed()
            self.assertEqual(self.on(self.there).state, "succeeded")
            self.assertIn(b"changed in here\n", self.log())

    def test_without_a_store_only_its_machine_resumes_it(self):
        push = self.on(self.here)
        here = self.worker(self.here)
        there = self.worker(self.there)
        self.assertEqual((push.kept_on, push.checkout), (here, ""))
        self.assertTrue(keep.resumable_on(push, here))
        self.assertFalse(keep.resumable_on(push, there))
        self.resumed()
        for place, count in ((here, 1), (there, 0)):
            self.assertEqual(Push.objects.claimable_in(place).count(), count)
        self.assertEqual(self.on(self.there).state, "queued")
        self.assertEqual(self.on(self.here).state, "succeeded")

    def test_without_a_worker_there_the_page_refuses(self):
        push = self.on(self.here)
        self.worker(self.there)
        self.client.force_login(self.user)
        url = reverse("pushes:resume", args=[self.deployment.pk, push])
        page = self.client.get(url)
        sentence = f"{self.here}, and no worker runs there."
        self.assertContains(page, sentence)
        self.assertNotContains(page, "Resume with")
        with self.assertRaisesMessage(services.Refused, sentence):
            services.resume(push, self.user)
        answer = self.client.post(url, {"shown": push.version}, follow=True)
        self.assertContains(answer, sentence)
        self.assertContains(answer, f":{self.here}")
        self.worker(self.here)
        self.assertContains(self.client.get(url), "Resume with need")

    def test_a_checkout_that_is_too_large_stays(self):
        with (
            directory_store() as url,
            self.settings(CHECKOUT_STORE=url, CHECKOUT_STORE_MB=0),
            self.assertLogs("rolf.checkouts", "WARNING"),
        ):
            push = self.on(self.here)
        self.assertEqual((push.state, push.checkout), ("failed", ""))

    def test_a_changed_archive_is_refused(self):
        with directory_store() as url, self.settings(CHECKOUT_STORE=url):
            push = self.on(self.here)
            self.worker(self.here)
            Path(url.removeprefix("file://"), f"checkouts/{push.pk}.tar.gz").write_bytes(b"other")
            self.resumed()
            push = self.on(self.there)
            self.assertEqual(push.state, "failed")
            self.assertIn("has changed", push.reason)
            self.assertFalse(
                list((self.there / str(self.deployment.pk) / ".deploy/pushes").glob("*/checkout"))
            )

    def test_the_maintenance_deletes_what_nobody_resumes(self):
        with directory_store() as url, self.settings(CHECKOUT_STORE=url):
            push = self.on(self.here)
            maintain()
            file = Path(url.removeprefix("file://"), f"checkouts/{push.pk}.tar.gz")
            self.assertTrue(file.exists())
            self.gate.touch()
            self.push = services.queue_push(self.deployment, self.user)
            self.on(self.there)
            maintain()
            self.assertFalse(file.exists())
            self.assertEqual(Push.objects.get(pk=push.pk).checkout, "")

    def test_machines_that_share_a_directory_have_one_name(self):
        with override_settings(WORK_DIRECTORY=self.here):
            mine = work_place()
        with mock.patch("socket.gethostname", return_value="other"):
            module._name.cache_clear()
            with override_settings(WORK_DIRECTORY=self.here):
                self.assertEqual(work_place(), mine)
            with override_settings(WORK_DIRECTORY=self.there):
                self.assertTrue(work_place().startswith(f"other:{self.there} "))
