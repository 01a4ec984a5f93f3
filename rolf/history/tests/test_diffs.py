"""Differences as pages show them."""

from unittest import TestCase

from history.diffs import MOST, Difference, Line, differences, lines


class Differences(TestCase):
    """Fields of what `history_fields()` returned."""

    def test_only_fields_that_differ_are_reported(self):
        shown = differences({"branch": "main", "timeout": 900}, {"branch": "next", "timeout": 900})
        self.assertEqual(shown, [Difference(field="branch", before="main", after="next")])

    def test_of_something_new_only_fields_that_hold_something_are_reported(self):
        shown = differences(None, {"name": "unit-tests", "code": "", "timeout": None})
        self.assertEqual(shown, [Difference(field="name", after="unit-tests")])

    def test_of_something_deleted_what_it_held_is_reported(self):
        shown = differences({"name": "unit-tests", "code": ""}, None)
        self.assertEqual(shown, [Difference(field="name", before="unit-tests")])

    def test_yes_and_no_are_words(self):
        shown = differences({"on_failure": "halt", "enabled": True}, {"enabled": False})
        self.assertEqual(
            shown,
            [
                Difference(field="on failure", before="halt"),
                Difference(field="enabled", before="yes", after="no"),
            ],
        )

    def test_of_a_secret_neither_value_nor_fingerprint_is_reported(self):
        old, new = {"secret": True, "value": "f00d"}, {"secret": True, "value": "beef"}
        plain = {"secret": False, "value": "f00d"}
        for before, after in [(old, new), (plain, new), (new, plain), (None, new), (old, None)]:
            with self.subTest(before=before, after=after):
                shown = differences(before, after)
                self.assertIn(Difference(field="value", secret=True), shown)
                self.assertNotIn("f00d", repr(shown))
                self.assertNotIn("beef", repr(shown))

    def test_a_text_of_several_lines_is_reported_by_lines(self):
        [shown] = differences({"code": "a\nb\n"}, {"code": "a\nc\n"})
        self.assertEqual(
            [(line.mark, line.text) for line in shown.lines], [(" ", "a"), ("-", "b"), ("+", "c")]
        )


class Lines(TestCase):
    """Lines of two texts."""

    def test_lines_far_from_what_differs_are_left_out(self):
        before = "".join(f"{number}\n" for number in range(1, 21))
        shown = lines(before, before.replace("10\n", "ten\n"))
        self.assertEqual(shown[0], Line(mark="@"))
        self.assertEqual(shown[1], Line(mark=" ", text="7", old=7, new=7))
        self.assertIn(Line(mark="-", text="10", old=10), shown)
        self.assertIn(Line(mark="+", text="ten", new=10), shown)
        self.assertEqual(shown[-1], Line(mark=" ", text="13", old=13, new=13))

    def test_the_same_text_has_no_lines_to_tell(self):
        self.assertEqual(lines("a\nb\n", "a\nb\n"), ())

    def test_a_newline_that_is_missing_at_the_end_is_reported(self):
        self.assertEqual(
            [(line.mark, line.text) for line in lines("a\n", "a")],
            [("-", "a"), ("+", "a"), ("\\", "no newline at the end")],
        )

    def test_a_carriage_return_that_came_is_seen(self):
        self.assertEqual([line.text for line in lines("a\n", "a\r\n")], ["a", "a␍"])

    def test_a_huge_text_is_reported_by_its_size(self):
        shown = lines("a\n", "b\n" * (MOST + 1))
        self.assertEqual([line.text for line in shown], ["(1 lines)", "(1,001 lines)"])
