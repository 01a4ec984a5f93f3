"""Run the commands of the guide in a shell."""

import os
import re
import subprocess
import threading
import time
from html import unescape
from pathlib import Path
from unittest import skipUnless

from django.conf import settings
from django.db import connection
from django.db.models import Max
from django.test import LiveServerTestCase
from django.urls import reverse

from main.tests.cast import Cast
from pushes.models import Push

from .caller import made

DOCS = Path(settings.BASE_DIR).parent / "docs" / "rolf-api.md"


class Lines(LiveServerTestCase):
    """The lines of the guide, against a server."""

    def setUp(self):
        self.cast = Cast()
        user = self.cast.people["push"]
        self.client.force_login(user)
        self.token, self.text = made(user)
        self.address = f"{self.live_server_url}/api"

    def lines(self):
        """Return the commands of the guide."""
        page = self.client.get(reverse("api:guide"), headers={"host": self.live_server_url[7:]})
        blocks = re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", page.content.decode(), re.S)
        return [unescape(block).strip() for block in blocks]

    def type(self, line, token=None):
        return subprocess.run(
            ["/bin/sh", "-c", line],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={"PATH": os.environ["PATH"], "ROLF_TOKEN": token or self.text},
        )

    def test_the_one_line_pushes(self):
        one_line, _job = self.lines()
        done = self.type(one_line)
        self.assertEqual(done.returncode, 0, done)
        push = self.cast.mine.pushes.first()
        self.assertEqual((push.state, push.comment, push.user_name), ("queued", "by CI", "push"))

    def test_a_line_that_is_refused_fails_and_says_why(self):
        one_line, _job = self.lines()
        self.cast.mine.stages.all().delete()
        done = self.type(one_line)
        self.assertEqual(done.returncode, 22)
        self.assertIn("no stages", done.stdout)

    def test_a_wrong_token_fails(self):
        for line in self.lines():
            with self.subTest(line):
                done = self.type(line, token="rolf_wrong")
                self.assertNotEqual(done.returncode, 0)
                self.assertIn("token", done.stdout)

    def test_the_job_ends_as_the_push_ends(self):
        _one_line, job = self.lines()
        for state, status in [("succeeded", 0), ("failed", 22)]:
            with self.subTest(state):
                worker = threading.Thread(target=self.carry_out, args=[state])
                worker.start()
                done = self.type(job)
                worker.join()
                self.assertEqual(done.returncode, status, done)
                self.assertIn(f": {state}", done.stdout)

    def carry_out(self, state):
        """End the push as a worker does, once it is queued."""
        queued = Push.objects.filter(state="queued")
        while not queued.exists():
            time.sleep(0.05)
        newest = self.cast.mine.pushes.aggregate(number=Max("number"))["number"]
        queued.update(state=state, number=newest + 1, version=9)
        connection.close()

    @skipUnless(DOCS.is_file(), "the docs are in bootstrapper's own repository")
    def test_docs_and_page_tell_the_same(self):
        examples = re.findall(r"```sh\n(.*?)```", DOCS.read_text(), re.S)
        theirs = [
            block.strip().replace(
                "https://rolf.example.org/api/deployments/1/",
                f"{self.address}/deployments/{self.cast.mine.pk}/",
            )
            for block in examples
        ]
        self.assertEqual(theirs, self.lines())
