"""Pages of pushes."""

import re

from django.test import Client, TestCase
from django.urls import reverse
from django.utils import timezone

from main.tests.cast import Cast
from pushes.models import Push

from .chunked import push_with_log


class Case(TestCase):
    """A deployment with pushes, and users."""

    @classmethod
    def setUpTestData(cls):
        cls.cast = Cast()
        cls.deployment = cls.cast.mine

    def client_of(self, person):
        client = Client(enforce_csrf_checks=False)
        client.force_login(self.cast.people[person])
        return client

    def address(self, name, push):
        return reverse(name, args=[self.deployment.pk, push])

    def logged(self, data, **fields):
        return push_with_log(self.deployment, data, number=fields.pop("number", 9), **fields)


class Log(Case):
    """The output on the page of a push."""

    def setUp(self):
        self.client = self.client_of("view")

    def test_output_is_text_whatever_it_says(self):
        push = self.logged(b"<script>alert(1)</script>\n\x1b]0;title\x07\x1b[31mred\n")
        page = self.client.get(self.address("pushes:push", push))
        self.assertContains(page, "&lt;script&gt;alert(1)&lt;/script&gt;")
        self.assertNotContains(page, "<script>alert")
        self.assertContains(page, '<span class="fg-1">red</span>')
        self.assertNotContains(page, "title\x07")

    def test_only_a_part_of_a_long_log_is_in_the_page(self):
        push = self.logged(b"x\n" * 5000)
        page = self.client.get(self.address("pushes:push", push)).content.decode()
        self.assertEqual(page.count("data-line="), 400)
        self.assertIn('id="L5000"', page)
        self.assertIn("Earlier lines", page)

    def test_a_line_has_an_address(self):
        push = self.logged(b"x\n" * 5000)
        page = self.client.get(self.address("pushes:push", push), {"line": 2500}).content.decode()
        self.assertIn('id="L2500"', page)
        self.assertIn("Earlier lines", page)
        self.assertIn("Later lines", page)

    def test_words_are_found_without_a_script(self):
        push = self.logged(b"x\n" * 2000 + b"the Needle\n" + b"y\n" * 2000)
        page = self.client.get(self.address("pushes:push", push), {"q": "needle"}).content.decode()
        self.assertIn('id="L2001"', page)
        self.assertIn(
            "not found",
            self.client.get(self.address("pushes:push", push), {"q": "nowhere"}).content.decode(),
        )

    def test_without_a_script_a_search_goes_on_from_hit_to_hit_and_round(self):
        push = self.logged(
            b"".join(b"%s\n" % (b"hit" if n in (7, 900, 2000) else b"x") for n in range(3000))
        )
        asked, found = {"q": "hit"}, []
        for _ in range(4):
            page = self.client.get(self.address("pushes:push", push), asked).content.decode()
            [line] = re.findall(r'<a href="#L(\d+)">line', page)
            self.assertRegex(page, rf'<li id="L{line}"[^>]* here">')
            asked["line"] = re.search(r'name="line" value="(\d+)"', page)[1]
            found.append(int(line))
        self.assertEqual(found, [8, 901, 2001, 8])

    def test_numbers_that_are_none_are_ignored(self):
        push = self.logged(b"x\n")
        for odd in ("-1", "x", "9" * 30, "²", ""):
            for name, key in (
                ("pushes:push", "line"),
                ("pushes:lines", "first"),
                ("pushes:search", "from"),
            ):
                with self.subTest(odd=odd, name=name):
                    answer = self.client.get(self.address(name, push), {key: odd, "q": "x"})
                    self.assertEqual(answer.status_code, 200)

    def test_lines_can_be_read_from_any_place(self):
        push = self.logged(b"".join(b"%d\n" % number for number in range(3000)))
        changes = self.client.get(
            self.address("pushes:lines", push), {"first": 1500, "count": 3}
        ).json()
        self.assertEqual((changes["first"], changes["end"], changes["total"]), (1500, 1503, 3000))
        changes = self.client.get(
            self.address("pushes:lines", push), {"first": 0, "count": 100_000}
        ).json()
        self.assertEqual(changes["end"], 1000)

    def test_the_raw_log_is_every_byte(self):
        data = bytes(range(256)) * 40
        push = self.logged(data, cuts=[1, 5000])
        answer = self.client.get(self.address("pushes:log", push))
        self.assertEqual(b"".join(answer.streaming_content), data)
        self.assertEqual(answer["Content-Length"], str(len(data)))
        self.assertEqual(answer["Content-Type"], "text/plain; charset=utf-8")
        self.assertEqual(answer["X-Content-Type-Options"], "nosniff")
        kept = self.client.get(self.address("pushes:log", push), {"download": ""})
        self.assertEqual(kept["Content-Disposition"], 'attachment; filename="push-9.log"')

    def test_where_the_server_has_no_streams_the_page_asks_again_and_again(self):
        push = self.logged(b"one\n", state="running", worker=self.cast.worker())
        page = self.client.get(self.address("pushes:push", push))
        self.assertNotContains(page, "data-follow")
        cursor = re.search('data-cursor="([^"]+)"', page.content.decode())[1]
        changes = self.client.get(self.address("pushes:news", push), {"cursor": cursor}).json()
        self.assertEqual(changes, {"cursor": cursor})
        push.chunks.create(
            sequence=1,
            offset=4,
            first_line=1,
            last_line=2,
            data=b"two\n",
            spans=[[4, 0, "stderr", 1.0, ""]],
        )
        Push.objects.filter(pk=push.pk).update(log_lines=2, log_bytes=8, version=2)
        changes = self.client.get(self.address("pushes:news", push), {"cursor": cursor}).json()
        self.assertEqual((changes["first"], changes["total"], changes["panel"]), (1, 2, None))
        self.assertIn("two", changes["html"])
        self.assertEqual(self.client.get(self.address("pushes:follow", push)).status_code, 406)

    def test_as_many_queries_for_a_long_log(self):
        self.client.get("/")
        short = self.logged(b"x\n" * 500, number=8)
        long = self.logged(b"x" * 90 + b"\n" * 20_000, cuts=range(0, 20_000, 500))
        for push in (short, long):
            with self.subTest(lines=push.log_lines), self.assertNumQueries(6):
                self.client.get(self.address("pushes:push", push))

    def test_a_push_that_never_began_is_not_called_queued(self):
        push = Push.objects.create(
            deployment=self.deployment, user_name="ben", worker=self.cast.worker()
        )
        for state, name in (
            ("queued", "A push that is queued"),
            ("running", "A push that begins"),
            ("failed", "A push that never began"),
        ):
            Push.objects.filter(pk=push.pk).update(state=state)
            page = self.client.get(self.address("pushes:push", push))
            self.assertContains(page, f'<h1 id="heading">{name}</h1>', html=True)
        self.assertContains(self.client.get("/"), "a push that never began")

    def test_a_running_stage_tells_its_time_without_a_script(self):
        push = self.logged(b"", state="running", worker=self.cast.worker(), started=timezone.now())
        self.assertContains(self.client.get(self.address("pushes:push", push)), ">since <time")

    def test_the_code_that_ran_is_shown_to_editors_alone(self):
        push = self.deployment.pushes.first()
        self.assertNotContains(
            self.client_of("push").get(self.address("pushes:push", push)), "echo hello"
        )
        self.assertContains(
            self.client_of("edit").get(self.address("pushes:push", push)), "echo hello"
        )
