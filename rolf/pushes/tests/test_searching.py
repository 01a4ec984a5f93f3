"""The search in a log, with its index and without."""

import random
from unittest import mock

from pushes import indexing
from pushes.models import LogIndex
from pushes.searching import first_hit

from .chunked import push_with_log
from .test_reading import Case


class Search(Case):
    """What is found."""

    def indexed(self, push):
        with mock.patch.multiple(indexing, WORTH=0, PART=64, REACH=40):
            indexing.build(push)
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
            told = text.lower().split("\n")
            if chance.random() < 0.5:
                self.indexed(push)
            for wanted in ("alpha", "alpha beta", "zeta99-gamma", "a", "de-de", "nowhere", "beta "):
                start = chance.randrange(len(told))
                hits = [number for number, line in enumerate(told) if wanted in line]
                down = [number for number in hits if number >= start]
                up = [number for number in hits if number <= start]
                with self.subTest(text=text, cuts=cuts, wanted=wanted, start=start):
                    self.assertEqual(first_hit(push, wanted, start), down[0] if down else None)
                    self.assertEqual(first_hit(push, wanted, start, backwards=True),
                                     up[-1] if up else None)

    def test_an_index_spares_what_cannot_have_it(self):
        lines = [b"ordinary words that are said again and again\n"] * 400
        lines[313] = b"the needle in it\n"
        data = b"".join(lines)
        push = push_with_log(self.deployment, data, cuts=range(0, len(data), 45))
        self.indexed(push)
        parts = indexing.candidates(push, b"needle")
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
        indexing.build(push)
        self.assertFalse(LogIndex.objects.filter(push=push).exists())
