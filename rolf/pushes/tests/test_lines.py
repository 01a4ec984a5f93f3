"""Lines of a log."""

import random

from django.test import TestCase

from deployments.models import Application, Category, Deployment
from pushes.models import LogChunk, Push

from ..log_view.lines import LONGEST, lines, raw
from .chunked import push_with_log


class Case(TestCase):
    """A deployment to push."""

    @classmethod
    def setUpTestData(cls):
        shop = Application.objects.create(
            name="shop", category=Category.objects.create(name="Sites")
        )
        cls.deployment = Deployment.objects.create(name="production", application=shop)


class Lines(Case):
    """The lines do not depend on the chunks."""

    def test_wherever_chunks_end_the_lines_are_the_same(self):
        chance = random.Random(5)  # noqa: S311
        for _ in range(60):
            data = bytes(chance.choice(b"ab\n") for _ in range(chance.randrange(1, 60)))
            cuts = [chance.randrange(len(data) + 1) for _ in range(chance.randrange(6))]
            push = push_with_log(self.deployment, data, cuts=cuts)
            expected = data.split(b"\n")
            expected = expected[:-1] if expected[-1] == b"" else expected
            with self.subTest(data=data, cuts=cuts):
                self.assertEqual(
                    [(line.number, line.data, line.whole) for line in lines(push, 0, 1000)],
                    [(number, text, True) for number, text in enumerate(expected)],
                )
                first, count = chance.randrange(len(expected) + 2), chance.randrange(1, 9)
                self.assertEqual(
                    [line.data for line in lines(push, first, count)],
                    expected[first : first + count],
                )
            push.chunks.all().delete()
            push.delete()

    def test_output_since_the_row_was_read_is_not_included(self):
        push = push_with_log(self.deployment, b"one\ntwo\nthree\nfo", cuts=[4, 8, 14])
        for log_bytes, expected in ((0, []), (4, [b"one"]), (8, [b"one", b"two"])):
            push.log_bytes = log_bytes
            with self.subTest(log_bytes=log_bytes):
                for first in range(4):
                    self.assertEqual(
                        [line.data for line in lines(push, first, 9)], expected[first:]
                    )

    def test_a_line_has_its_source(self):
        push = Push.objects.create(deployment=self.deployment, user_name="ben", log_bytes=13)
        LogChunk.objects.create(
            push=push,
            sequence=0,
            offset=0,
            first_line=0,
            last_line=3,
            data=b"out\nerr\nsaid\n",
            spans=[[4, 0, "stdout", 1.0, "a"], [4, 0, "stderr", 2.0, "b"], [5, 1, "note", 3.0, ""]],
        )
        self.assertEqual(
            [(line.stage, line.stream, line.at, line.host) for line in lines(push, 0, 9)],
            [(0, "stdout", 1.0, "a"), (0, "stderr", 2.0, "b"), (1, "note", 3.0, "")],
        )

    def test_an_endless_line_is_cut_and_those_after_it_are_found(self):
        huge = b"x" * (3 * LONGEST)
        push = push_with_log(
            self.deployment,
            b"first\n" + huge + b"\nlast\n",
            cuts=range(0, 3 * LONGEST, LONGEST // 3),
        )
        first, cut, last = lines(push, 0, 10)
        self.assertEqual((first.data, last.data, last.number), (b"first", b"last", 2))
        self.assertEqual((len(cut.data), cut.whole), (LONGEST, False))
        with self.assertNumQueries(3):  # its beginning, what follows, its end
            lines(push, 1, 2)

    def test_of_a_long_progress_bar_the_last_state_is_read(self):
        states = b"".join(b"\r%5d of 20000 " % number for number in range(20000))
        for cuts in ((), range(0, len(states), 5 * 16), range(0, len(states), 5000)):
            for end in (b"", b"\n", b"\nnext\n"):
                push = push_with_log(self.deployment, states + end, cuts=cuts)
                bar, *others = lines(push, 0, 10)
                with self.subTest(cuts=cuts, end=end):
                    self.assertEqual(bar.data.split(b"\r")[-1], b"19999 of 20000 ")
                    self.assertEqual((len(bar.data) <= LONGEST, bar.whole), (True, False))
                    self.assertEqual([line.data for line in others], [b"next"] * (len(end) > 1))

    def test_a_line_of_exactly_the_longest_is_whole(self):
        for cuts in ((), range(0, LONGEST, 1000)):
            for end in (b"", b"\n", b"\nnext\n"):
                push = push_with_log(self.deployment, b"x" * LONGEST + end, cuts=cuts)
                with self.subTest(cuts=cuts, end=end):
                    self.assertEqual(
                        (len(lines(push, 0, 1)[0].data), lines(push, 0, 1)[0].whole),
                        (LONGEST, True),
                    )

    def test_lines_in_chunks_of_their_own_take_few_queries(self):
        data = b"a\n" * 500
        push = push_with_log(self.deployment, data, cuts=range(0, len(data), 2))
        with self.assertNumQueries(5):
            self.assertEqual(len(lines(push, 100, 200)), 200)

    def test_few_lines_of_many_take_few_queries(self):
        data = b"".join(b"line %d\n" % number for number in range(5000))
        push = push_with_log(self.deployment, data, cuts=range(0, len(data), 1000))
        with self.assertNumQueries(1):
            [line] = lines(push, 4321, 1)
        self.assertEqual(line.data, b"line 4321")

    def test_the_raw_log_is_every_byte(self):
        data = bytes(range(256)) * 5
        push = push_with_log(self.deployment, data, cuts=[3, 300, 301])
        self.assertEqual(b"".join(raw(push)), data)
