"""The chain of hashes: each change of the rows is found."""

import copy
from datetime import UTC, datetime, timedelta

from django.test import SimpleTestCase

from audit import chain
from audit.models import Entry

AT = datetime(2026, 11, 28, 21, 0, 0, 5, tzinfo=UTC)


def rows(number=6):
    """Return a chain of rows."""
    made, previous = [], chain.BEGIN
    for sequence in range(1, number + 1):
        row = Entry(
            sequence=sequence,
            at=AT + timedelta(seconds=sequence),
            action="token.created",
            outcome="ok",
            user_name="ada",
            target=f"token {sequence}",
            details='{"level":"push"}',
            previous=previous,
        )
        row.hash = previous = chain.digest(row)
        made.append(row)
    return made


class Chain(SimpleTestCase):
    """What `faults` finds, and where."""

    def setUp(self):
        self.rows = rows()
        self.head = self.rows[-1].mark

    def found(self, *heads):
        return list(chain.faults(self.rows, heads or [self.head]))

    def places(self):
        return [sequence for sequence, _ in self.found()]

    def test_a_whole_chain_has_no_faults(self):
        self.assertEqual(self.found(), [])

    def test_an_empty_chain_has_no_faults(self):
        self.assertEqual(list(chain.faults([], [chain.HeadMark(0, chain.BEGIN)])), [])

    def test_an_edited_field_is_found(self):
        for field, value in [
            ("at", AT),
            ("action", "token.revoked"),
            ("outcome", "refused"),
            ("user_key", 1),
            ("user_name", "grace"),
            ("address", "192.0.2.1"),
            ("request_id", "1"),
            ("target", "token 9"),
            ("details", '{"level":"view"}'),
            ("details", '{"level":"view","level":"push"}'),
            ("details", "no JSON"),
            ("hash", "1" * 64),
        ]:
            with self.subTest(field, value=value):
                self.rows = rows()
                setattr(self.rows[2], field, value)
                self.assertIn(3, self.places())

    def test_a_removed_row_is_found(self):
        del self.rows[2]
        self.assertEqual(self.found()[0], (3, "row 3 is missing"))

    def test_removed_rows_at_the_beginning_are_found(self):
        del self.rows[:2]
        self.assertEqual(self.found()[0], (1, "rows 1 to 2 are missing"))

    def test_a_truncated_chain_is_found(self):
        del self.rows[4:]
        self.assertEqual(self.found(), [(5, "rows 5 to 6 are missing at the end")])

    def test_an_inserted_row_is_found(self):
        extra = copy.copy(self.rows[2])
        extra.target = "token 9"
        extra.hash = chain.digest(extra)
        self.rows.insert(3, extra)
        self.assertIn(3, self.places())

    def test_two_exchanged_rows_are_found(self):
        first, second = self.rows[2], self.rows[3]
        first.sequence, second.sequence = second.sequence, first.sequence
        self.rows[2:4] = [second, first]
        self.assertEqual(set(self.places()), {3, 4, 5})

    def test_a_rewritten_chain_is_found_by_a_kept_head(self):
        kept = self.rows[3].mark
        self.rows[1].target = "token 9"
        previous = self.rows[0].hash
        for row in self.rows[1:]:
            row.previous = previous
            row.hash = previous = chain.digest(row)
        self.assertEqual(self.found(self.rows[-1].mark), [])
        self.assertEqual([place for place, _ in self.found(kept)], [4])

    def test_a_head_is_read_as_it_is_printed(self):
        self.assertEqual(chain.HeadMark.parse(f" {self.head}\n"), self.head)
        for wrong in ("", "7", "7:abc", f"-1:{'0' * 64}", f"x:{'0' * 64}"):
            with self.subTest(wrong), self.assertRaises(ValueError):
                chain.HeadMark.parse(wrong)
