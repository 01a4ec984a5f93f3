"""The chunks of a log that has ended are joined."""

import random
import tracemalloc
from unittest import mock

from pushes.models import LogChunk, LogIndex, Push

from ..log_view import chunks
from ..log_view.lines import lines, raw
from ..log_view.search import first_hit
from ..logs import join
from .chunked import push_with_log
from .test_lines import Case


def random_log(chance, most=400):
    """Return the bytes of a log, and where its chunks end."""
    data = bytes(chance.choice(b"ab\n") for _ in range(chance.randrange(1, most)))
    return data, [chance.randrange(len(data) + 1) for _ in range(chance.randrange(60))]


class Join(Case):
    """`finish` after the end of a push."""

    def test_a_line_a_second_makes_at_most_4_rows(self):
        line = b"the 100 bytes of a line ".ljust(99, b".") + b"\n"
        push = push_with_log(self.deployment, line * 900, cuts=range(0, 90_000, 100))
        for chunk in push.chunks.all():
            chunk.spans = [[100, 0, "stdout", 1_700_000_000.5 + chunk.sequence, ""]]
            chunk.save()
        before = lines(push, 0, 1000)
        join.finish(push)
        self.assertLessEqual(push.chunks.count(), 4)
        self.assertEqual(lines(push, 0, 1000), before)

    def test_joined_logs_read_as_before(self):
        chance = random.Random(8)  # noqa: S311
        for _ in range(40):
            data, cuts = random_log(chance)
            push = push_with_log(self.deployment, data, cuts=cuts)
            for chunk in push.chunks.all():  # several sources in each
                half = len(chunk.data) // 2
                chunk.spans = [
                    [length, 0, stream, 1.5 * chunk.sequence, ""]
                    for length, stream in ((half, "stdout"), (len(chunk.data) - half, "stderr"))
                    if length
                ]
                chunk.save()
            first, count = chance.randrange(50), chance.randrange(1, 50)
            before = lines(push, first, count), first_hit(push, "aba", first)
            with mock.patch.object(join, "ROW", chance.randrange(1, 200)):
                join.finish(push)
            with self.subTest(data=data, cuts=cuts):
                self.assertEqual((lines(push, first, count), first_hit(push, "aba", first)), before)
                self.assertEqual(b"".join(raw(push)), data)
                for chunk in push.chunks.all():
                    self.assertEqual(sum(span[0] for span in chunk.spans), len(chunk.data))
                    self.assertEqual(
                        chunk.last_line - chunk.first_line, bytes(chunk.data).count(b"\n")
                    )

    def test_a_reader_in_the_middle_goes_on(self):
        data = b"".join(b"line %04d of the log\n" % number for number in range(2000))
        for batch in (1, 3, 64):
            push = push_with_log(self.deployment, data, cuts=range(0, len(data), 333))
            reading, found = raw(push), b""
            with mock.patch.object(chunks, "BATCH", batch):
                for _ in range(5):
                    found += next(reading)
                with mock.patch.object(join, "ROW", 5000):
                    join.finish(push)
                self.assertEqual(found + b"".join(reading), data, batch)

    def test_a_page_with_an_old_row_sees_no_later_output(self):
        push = push_with_log(self.deployment, b"one\ntwo\nthree\n", cuts=[4, 8])
        old = Push.objects.get(pk=push.pk)
        old.log_bytes = 8
        join.finish(push)
        self.assertEqual([line.data for line in lines(old, 0, 9)], [b"one", b"two"])

    def test_a_large_log_needs_little_memory(self):
        data = b"x" * 99 + b"\n"
        push = push_with_log(self.deployment, data * 655, cuts=[])
        size = len(data) * 655
        LogChunk.objects.bulk_create(
            LogChunk(
                push=push,
                sequence=number,
                offset=number * size,
                first_line=number * 655,
                last_line=(number + 1) * 655,
                data=data * 655,
                spans=[[size, 0, "stdout", float(number), ""]],
            )
            for number in range(1, 480)
        )
        Push.objects.filter(pk=push.pk).update(log_bytes=480 * size)
        tracemalloc.start()
        with mock.patch.object(join.index, "build"):
            join.finish(push)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        self.assertLess(peak, 5e6)  # of a log of 31 MB
        self.assertLessEqual(max(len(row.data) for row in push.chunks.all()), join.ROW)
        self.assertEqual(push.chunks.count(), 120)

    def test_many_spans_make_more_rows(self):
        push = push_with_log(self.deployment, b"a\n" * 100, cuts=range(0, 200, 2))
        for chunk in push.chunks.all():
            LogChunk.objects.filter(pk=chunk.pk).update(
                spans=[[2, 0, "stdout", float(chunk.sequence), ""]]
            )
        with mock.patch.object(join, "SPANS", 30):
            join.finish(push)
        self.assertEqual(push.chunks.count(), 4)

    def test_a_process_that_dies_loses_and_doubles_nothing(self):
        data = b"".join(b"line %d\n" % number for number in range(300))
        for number in (2, 5):
            push = push_with_log(self.deployment, data, cuts=range(0, len(data), 50))
            count = iter(range(number))
            real = LogChunk.objects.create  # after the rows that it replaces were deleted

            def dying(*, real=real, count=count, **fields):
                if next(count, None) is None:
                    raise SystemExit
                return real(**fields)

            with mock.patch.object(join, "ROW", 200):
                with (
                    mock.patch.object(LogChunk.objects, "create", dying),
                    self.assertRaises(SystemExit),
                ):
                    join.finish(push)
                half = Push.objects.get(pk=push.pk).joined_bytes
                self.assertTrue(0 < half < len(data), half)
                self.assertEqual(b"".join(raw(push)), data)
                join.finish_all()
            self.assertEqual(b"".join(raw(push)), data)
            self.assertEqual(Push.objects.get(pk=push.pk).joined_bytes, len(data))

    def test_a_push_that_runs_is_not_joined(self):
        push = push_with_log(self.deployment, b"one\ntwo\n", cuts=[4], state="running")
        join.finish(push)
        join.finish_all()
        self.assertEqual(push.chunks.count(), 2)

    def test_a_resume_stops_the_join(self):
        push = push_with_log(self.deployment, b"one\ntwo\n", cuts=[4], state="failed")
        real = join._group

        def resumed(*arguments):
            Push.objects.filter(pk=push.pk).update(state="queued")
            return real(*arguments)

        with mock.patch.object(join, "_group", resumed):
            join.finish(push)
        self.assertEqual(push.chunks.count(), 2)

    def test_output_after_a_resume_is_joined_too(self):
        push = push_with_log(self.deployment, b"one\ntwo\n", cuts=[4], state="failed")
        join.finish(push)
        for number in range(3):
            LogChunk.objects.create(
                push=push,
                sequence=1 + number,
                offset=8 + 5 * number,
                first_line=2 + number,
                last_line=3 + number,
                data=b"more\n",
                spans=[[5, 0, "stdout", 2.0, ""]],
            )
        Push.objects.filter(pk=push.pk).update(log_bytes=23, log_lines=5)
        join.finish_all()
        push.refresh_from_db()
        self.assertEqual((push.chunks.count(), push.joined_bytes), (2, 23))
        self.assertEqual(b"".join(raw(push)), b"one\ntwo\n" + 3 * b"more\n")

    def test_lost_pushes_are_joined_with_their_index(self):
        data = b"a line of a log that ends with a needle\n" * 200
        push = push_with_log(self.deployment, data, cuts=range(0, len(data), 90), state="lost")
        with mock.patch.multiple(join.index, WORTH=0):
            join.finish_all()
        self.assertEqual(push.chunks.count(), 1)
        self.assertEqual(LogIndex.objects.get(push=push).bytes, len(data))

    def test_an_index_of_a_log_that_grew_hides_no_new_line(self):
        push = push_with_log(self.deployment, b"old words\nnew words\n", cuts=[10])
        grown = push.log_bytes
        push.log_bytes = 10
        with mock.patch.multiple(join.index, WORTH=0):
            join.index.build(push)
        push.log_bytes = grown
        self.assertEqual(first_hit(push, "new words", 0), 1)
        self.assertEqual(first_hit(push, "new words", 1, backwards=True), 1)
