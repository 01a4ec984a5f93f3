"""The journal in the database has all output, byte for byte, with its source."""

import random
from itertools import groupby
from pathlib import Path
from unittest import mock

from bootstrapper.deploy.events.event import (
    Note,
    Output,
    PushEnded,
    PushStarted,
    StageEnded,
    StageStarted,
    State,
    Stream,
)
from bootstrapper.errors import WorkFailed
from django.db import InterfaceError, OperationalError
from django.test import TestCase

from database import retry
from deployments.models import Application, Category, Deployment

from ..log_view.lines import lines
from ..models import Push
from ..run import journal as module
from ..run.journal import DatabaseJournal

# A test's own transaction isn't to be left, nor anybody's time.
AWAY = mock.patch.multiple(retry, reconnect=mock.DEFAULT, PAUSE=0, PATIENCE=0.1)


def unconfirmed(function, *more):
    """Call the function as `retry` does; its first commit succeeds, but the connection is lost."""
    failures = iter([True])

    def lose_the_answer():
        result = function()
        if next(failures, False):
            raise OperationalError("server closed the connection unexpectedly")
        return result

    return retry.retry(lose_the_answer, *more)


class Case(TestCase):
    """A push of two stages that a worker carries out."""

    def setUp(self):
        self.waited = 0
        shop = Application.objects.create(
            name="shop", category=Category.objects.create(name="Sites")
        )
        deployment = Deployment.objects.create(application=shop, name="production")
        snapshot = {
            "stages": [{"name": "a", "recipe": "a"}, {"name": "b", "recipe": "b", "switches": True}]
        }
        self.push = Push.objects.create(
            deployment=deployment, user_name="ben", number=1, state="running", snapshot=snapshot
        )

    def journal(self, *, resumed=False):
        """Return a journal to which the first events have been written."""
        self.push.refresh_from_db()
        journal = DatabaseJournal(self.push, Path("/nonexistent"), self.wait)
        journal.write(PushStarted(at=0.0, resumed=resumed))
        return journal

    def wait(self):
        self.waited += 1

    def say(self, journal, data, stage=0, stream=Stream.STDOUT, host="", at=1.0):
        journal.write(Output(at=at, stage=stage, stream=stream, data=data, host=host))

    def whole(self):
        """Return the log, and check that its chunks match their descriptions."""
        data, line = b"", 0
        for number, chunk in enumerate(self.push.chunks.order_by("sequence")):
            piece = bytes(chunk.data)
            self.assertEqual(
                (chunk.sequence, chunk.offset, chunk.first_line), (number, len(data), line)
            )
            line += piece.count(b"\n")
            self.assertEqual(chunk.last_line, line)
            self.assertEqual(sum(span[0] for span in chunk.spans), len(piece))
            data += piece
        self.push.refresh_from_db()
        self.assertEqual((self.push.log_bytes, self.push.log_lines), (len(data), line))
        return data


class Format(Case):
    """The promises of LogChunk's docstring."""

    def test_output_in_any_pieces_is_kept_in_order(self):
        chance = random.Random(8)  # noqa: S311
        journal, written = self.journal(), []
        journal.write(StageStarted(at=0.0, stage=0))
        for number in range(300):
            source = (0, chance.choice(["x", "y"]), chance.choice(list(Stream)))
            data = b"".join(
                chance.choices([b"ab", b"\n", b"\xff", b"c\n"], k=chance.randrange(1, 5))
            )
            written.append((source, data))
            self.say(journal, data, stage=0, host=source[1], stream=source[2], at=float(number))
            if chance.random() < 0.2:
                journal.flush()
            if data.endswith(b"\n") and chance.random() < 0.1:
                journal.flush()
                journal = self.journal(resumed=True)
        journal.flush()
        # Where somebody else speaks within an open line, a newline ends it; nothing else is added.
        expected = b""
        for _, pieces in groupby(written, key=lambda one: one[0]):
            if expected and not expected.endswith(b"\n"):
                expected += b"\n"
            expected += b"".join(data for _, data in pieces)
        self.assertEqual(self.whole(), expected)

    def test_every_line_has_its_source(self):
        journal = self.journal()
        journal.write(StageStarted(at=1.0, stage=0))
        self.say(journal, b"out\nopen", host="x", at=2.0)
        self.say(journal, b"err\n", stream=Stream.STDERR, host="y", at=3.0)
        journal.write(Note(at=4.0, stage=0, text="it takes long"))
        journal.flush()
        self.whole()
        self.assertEqual(
            [(line.data, line.stream, line.host) for line in lines(self.push, 0, 9)],
            [
                (b"out", "stdout", "x"),
                (b"open", "stdout", "x"),
                (b"err", "stderr", "y"),
                (b"it takes long", "note", ""),
            ],
        )

    def test_marks_tell_where_stages_begin_and_where_they_complain(self):
        journal = self.journal()
        journal.write(StageStarted(at=1.0, stage=0))
        self.say(journal, b"one\ntwo\n")
        journal.write(StageEnded(at=2.0, stage=0, state=State.SUCCEEDED, exit=0))
        journal.write(StageStarted(at=3.0, stage=1))
        self.say(journal, b"three\n", stage=1)
        self.say(journal, b"four\n", stage=1, stream=Stream.STDERR)
        journal.flush()
        self.push.refresh_from_db()
        self.assertEqual(self.push.marks, {"0": {"line": 0}, "1": {"line": 2, "error": 3}})
        self.assertTrue(self.push.switched, "the stage that switches has begun")

    def test_a_stage_that_runs_again_gets_a_new_mark(self):
        journal = self.journal()
        journal.write(StageStarted(at=1.0, stage=0))
        self.say(journal, b"bad\n", stream=Stream.STDERR)
        journal.write(StageEnded(at=2.0, stage=0, state=State.FAILED, exit=1))
        journal.write(PushEnded(at=2.0, state=State.FAILED))
        journal.end()
        Push.objects.update(state="running")
        journal = self.journal(resumed=True)
        journal.write(StageStarted(at=3.0, stage=0))
        self.say(journal, b"good\n")
        journal.flush()
        self.push.refresh_from_db()
        self.assertEqual(self.push.marks, {"0": {"line": 1}})


class Keeping(Case):
    """When the journal writes, and what happens if it cannot."""

    def test_what_happens_is_kept_at_once_and_output_after_a_moment(self):
        journal = self.journal()
        journal.write(StageStarted(at=1.0, stage=0))
        self.say(journal, b"first\n")
        journal.tick()
        self.assertEqual(self.push.chunks.count(), 1, "without earlier output, it does not wait")
        self.say(journal, b"second\n")
        journal.tick()
        self.assertEqual(self.push.chunks.count(), 1)
        journal.write(StageEnded(at=2.0, stage=0, state=State.SUCCEEDED, exit=0))
        self.assertEqual(self.whole(), b"first\nsecond\n")
        self.assertEqual(self.push.record["stages"][0]["state"], "succeeded")

    def test_a_flood_is_kept_piece_by_piece(self):
        journal = self.journal()
        for _ in range(9):
            self.say(journal, b"x" * (module.CHUNK // 4 - 1) + b"\n")
        self.assertEqual(self.push.chunks.count(), 2)

    def test_each_flush_grows_the_version(self):
        journal = self.journal()
        self.say(journal, b"x\n")
        journal.flush()
        before = Push.objects.get().version
        self.say(journal, b"y\n")
        journal.flush()
        self.assertEqual(Push.objects.get().version, before + 1)

    def test_a_database_that_is_away_for_a_moment_loses_nothing(self):
        journal = self.journal()
        self.say(journal, b"x\n")
        real, failures = journal._write, iter([True, True])

        def keep(fields):
            if next(failures, False):
                raise OperationalError("database is locked")
            return real(fields)

        with mock.patch.object(journal, "_write", keep), AWAY:
            journal.flush()
        self.assertEqual(self.whole(), b"x\n")
        self.assertEqual(self.waited, 2, "`meanwhile` is called before each retry")

    def test_a_chunk_whose_commit_was_not_confirmed_is_stored_once(self):
        journal = self.journal()
        with mock.patch.object(module, "retry", unconfirmed), AWAY:
            for data in (b"x\n", b"y\n"):
                self.say(journal, data)
                journal.flush()
        self.assertEqual(self.whole(), b"x\ny\n")

    def test_an_end_whose_commit_was_not_confirmed_happens_once(self):
        journal = self.journal()
        journal.write(PushEnded(at=2.0, state=State.FAILED, reason="a: exit status 1"))
        rollback = mock.Mock()
        with mock.patch.object(module, "retry", unconfirmed), AWAY:
            journal.end(then=rollback)
        self.push.refresh_from_db()
        self.assertEqual(self.push.state, "failed")
        rollback.assert_called_once_with()

    def test_one_that_stays_away_ends_the_push_and_says_why(self):
        journal = self.journal()
        self.say(journal, b"x\n")
        away = mock.Mock(side_effect=OperationalError("disk I/O error"))
        with (
            mock.patch.object(journal, "_write", away),
            AWAY,
            self.assertRaisesMessage(WorkFailed, "can't be reached or written (disk I/O error)"),
        ):
            journal.flush()

    def test_who_cancels_is_asked_for_again_when_the_database_is_back(self):
        journal = self.journal()
        Push.objects.update(cancelled_by="anna")
        with mock.patch.object(module, "ASK", 0):
            with mock.patch.object(journal, "_row", side_effect=InterfaceError("closed")), AWAY:
                self.assertEqual(journal.cancelled(), "")
            self.assertEqual(journal.cancelled(), "cancelled by anna")

    def test_the_end_and_what_follows_are_one_transaction(self):
        journal = self.journal()
        journal.write(PushEnded(at=2.0, state=State.FAILED, reason="a: exit status 1"))
        self.push.refresh_from_db()
        self.assertEqual(self.push.state, "running", "nobody else's may begin yet")
        again = {"deployment": self.push.deployment, "user_name": "ben", "state": "running"}
        journal.end("it is not rolled back", then=lambda: Push.objects.create(**again))
        self.push.refresh_from_db()
        self.assertEqual(
            (self.push.state, self.push.reason),
            ("failed", "a: exit status 1; it is not rolled back"),
        )
        self.assertIsNotNone(self.push.ended)
        self.assertEqual(Push.objects.filter(state="running").count(), 1)

    def test_a_push_that_was_taken_away_is_not_written_to(self):
        journal = self.journal()
        Push.objects.update(state="lost")
        self.say(journal, b"x\n")
        journal.flush()
        self.assertEqual(self.push.chunks.count(), 0)
        self.assertEqual(journal.cancelled(), "another worker took over the push")

    def test_a_cancelled_push_names_the_user(self):
        journal = self.journal()
        self.assertEqual(journal.cancelled(), "")
        Push.objects.update(cancelled_by="anna")
        with mock.patch.object(module, "ASK", 0):
            self.assertEqual(journal.cancelled(), "cancelled by anna")
