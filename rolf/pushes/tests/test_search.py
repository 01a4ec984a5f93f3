"""The search in a log, with and without its index."""

import random
from unittest import mock

from django.test import TestCase
from django.urls import reverse

from deployments.models import Level, Setting
from deployments.redaction import Redactor
from main.tests.cast import Cast
from pushes.models import LogIndex

from ..log_view import index
from ..log_view.search import first_hit
from .chunked import push_with_log
from .test_lines import Case


class Search(Case):
    """The lines that a search finds."""

    def indexed(self, push):
        with mock.patch.multiple(index, WORTH=0, PART=64, REACH=40):
            index.build(push)
        self.assertTrue(LogIndex.objects.filter(push=push).exists())

    def test_it_goes_on_from_a_line_up_and_down(self):
        push = push_with_log(self.deployment, b"an apple\na pear\nAN APPLE again\n", cuts=[12])
        for built in (False, True):
            if built:
                self.indexed(push)
            with self.subTest(indexed=built):
                self.assertEqual(first_hit(push, "apple", 0), 0)
                self.assertEqual(first_hit(push, "Apple", 1), 2)
                self.assertIsNone(first_hit(push, "apple", 3))
                self.assertEqual(first_hit(push, "apple", 1, backwards=True), 0)
                self.assertEqual(first_hit(push, "apple", 2, backwards=True), 2)
                self.assertIsNone(first_hit(push, "plum", 0))
                self.assertIsNone(first_hit(push, "", 0))

    def test_words_in_any_script_in_either_case(self):
        push = push_with_log(self.deployment, "ничего\nМагазин Ёлкино\n".encode())
        for words in ("магазин", "ёлкино", "МАГАЗИН ё"):
            self.assertEqual(first_hit(push, words, 0), 1)

    def test_it_is_as_if_every_line_were_looked_at(self):
        chance = random.Random(14)  # noqa: S311
        for _ in range(120):
            words = chance.choices(["Alpha", "beta", "gamma", "de", "zeta99"], k=300)
            text = "".join(word + chance.choice([" ", "\n", "-"]) for word in words)
            data = text.encode() + b"\n"
            cuts = sorted(chance.randrange(len(data)) for _ in range(20))
            push = push_with_log(self.deployment, data, cuts=cuts)
            expected = text.lower().split("\n")
            if chance.random() < 0.5:
                self.indexed(push)
            for wanted in ("alpha", "alpha beta", "zeta99-gamma", "a", "de-de", "nowhere", "beta "):
                start = chance.randrange(len(expected))
                hits = [number for number, line in enumerate(expected) if wanted in line]
                down = [number for number in hits if number >= start]
                up = [number for number in hits if number <= start]
                with self.subTest(text=text, cuts=cuts, wanted=wanted, start=start):
                    self.assertEqual(first_hit(push, wanted, start), down[0] if down else None)
                    self.assertEqual(
                        first_hit(push, wanted, start, backwards=True), up[-1] if up else None
                    )

    def test_an_index_spares_what_cannot_have_it(self):
        lines = [b"ordinary words that come again and again\n"] * 400
        lines[313] = b"the needle in it\n"
        data = b"".join(lines)
        push = push_with_log(self.deployment, data, cuts=range(0, len(data), 45))
        self.indexed(push)
        parts = index.candidates(push, "needle")
        self.assertEqual(len(parts), 1)
        self.assertEqual(first_hit(push, "needle", 0), 313)

    def test_chunks_that_end_within_lines_make_no_larger_parts(self):
        data = b"".join(b"ordinary words of line %04d\n" % number for number in range(400))
        push = push_with_log(self.deployment, data, cuts=range(5, len(data), 28))
        self.assertFalse(push.chunks.filter(sequence=0).get().data.endswith(b"\n"))
        self.indexed(push)
        self.assertGreater(len(LogIndex.objects.get(push=push).parts), 100)
        for number in range(0, 400, 7):  # each lies across two chunks
            self.assertEqual(first_hit(push, f"of line {number:04}", 0), number)

    def test_a_short_log_has_no_index(self):
        push = push_with_log(self.deployment, b"short\n")
        index.build(push)
        self.assertFalse(LogIndex.objects.filter(push=push).exists())

    def test_what_a_person_does_not_see_is_not_found(self):
        host = "app1.internal.example"
        Setting.objects.create(deployment=self.deployment, name="REMOTE_HOST", text=host)
        data = f"one\nto {host} it goes\nthree\n".encode()
        for cuts in ([], [12], range(7, 20), [28]):
            push = push_with_log(self.deployment, data, cuts=cuts)
            for level, found in ((Level.VIEW, None), (Level.PUSH, None), (Level.EDIT, 1)):
                hidden = Redactor(self.deployment, level, push)
                for words in ("app1", "APP1.int", "example", host):
                    for back in (False, True):
                        with self.subTest(cuts=cuts, level=level, words=words, back=back):
                            self.assertEqual(
                                first_hit(push, words, 2 * back, backwards=back, hidden=hidden),
                                found,
                            )
                for words in ("it goes", "to "):
                    self.assertEqual(first_hit(push, words, 0, hidden=hidden), 1)

    def test_hidden_text_after_a_chunk_is_not_found(self):
        host = "app1.internal.example"
        Setting.objects.create(deployment=self.deployment, name="REMOTE_HOST", text=host)
        hidden = Redactor(self.deployment, Level.VIEW)
        for gap in range(hidden.longest - 25, hidden.longest + 10):
            data = b"begins " + b"." * gap + host.encode() + b" ends\n"
            push = push_with_log(self.deployment, data, cuts=[7])
            for words in ("app1", ".app1", "." * 150 + "app1", "app1.internal"):
                with self.subTest(gap=gap, words=words):
                    self.assertIsNone(first_hit(push, words, 0, hidden=hidden))
            self.assertEqual(first_hit(push, " ends", 0, hidden=hidden), 0)

    def test_the_index_has_letters_without_case(self):
        lines = ["zwölf Boxkämpfer jagen Viktor"] * 400
        lines[313] = "正在部署 ΤΈΛΟΣ"
        push = push_with_log(
            self.deployment,
            "".join(f"{line}\n" for line in lines).encode(),
            cuts=range(0, 12000, 45),
        )
        self.indexed(push)
        self.assertLessEqual(len(index.candidates(push, "正在部署 τ")), 2)  # of hundreds
        self.assertIsNone(index.candidates(push, "τέλος"))
        for words in ("正在部署 τ", "τέλο", "在部"):
            self.assertEqual(first_hit(push, words, 0), 313)


class OnPages(TestCase):
    """A search by URL."""

    def test_pages_search_what_their_visitor_sees(self):
        cast = Cast()
        Setting.objects.create(deployment=cast.mine, name="REMOTE_HOST", text="app1.internal")
        push = push_with_log(cast.mine, b"one\nto app1.internal\n")
        for person, line in (("view", None), ("push", None), ("edit", 1)):
            self.client.force_login(cast.people[person])
            here = [cast.mine.pk, push]
            answer = self.client.get(reverse("pushes:search", args=here), {"q": "app1"})
            self.assertEqual(answer.json(), {"line": line}, person)
            page = self.client.get(reverse("pushes:push", args=here), {"q": "app1"})
            self.assertEqual(page.context["hit"], line, person)
