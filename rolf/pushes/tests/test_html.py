"""A line as HTML."""

import random
import re
from html.parser import HTMLParser

from django.test import SimpleTestCase

from ..log_view.html import COLUMNS, render


class Shown(HTMLParser):
    """HTML as a browser parses it: its text, and each tag with its attributes."""

    def __init__(self, html):
        """Parse the HTML."""
        super().__init__()
        self.text, self.tags, self.depth = "", [], 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.depth += 1

    def handle_endtag(self, tag):
        self.depth -= 1

    def handle_data(self, data):
        self.text += data


class Text(SimpleTestCase):
    """The text of a line."""

    def test_markup_is_text(self):
        data = b"<script>alert(1)</script> <a href=\"x\" onclick='y'>&amp;</a>"
        self.assertEqual(Shown(render(data)).text, data.decode())
        self.assertEqual(Shown(render(data)).tags, [])

    def test_titles_links_and_moves_are_left_out(self):
        for sequence in (
            b"\x1b]0;my title\x07",
            b"\x1b]8;;https://evil.example\x1b\\",
            b"\x1b[2J",
            b"\x1b[3;4H",
            b"\x1b[?25l",
            b"\x1bPq#0;2\x1b\\",
            b"\x1b(B",
            b"\x1b]0;never ended",
            b"\x00\x07",
            b"\x1b",
        ):
            with self.subTest(sequence):
                self.assertEqual(render(b"a" + sequence), "a")

    def test_a_progress_bar_shows_how_it_ended(self):
        self.assertEqual(render(b" 10%\r 50%\r100%"), "100%")
        self.assertEqual(render(b"downloading\rdone\x1b[K"), "done")
        self.assertEqual(render(b"long word\rshort"), "shortword")
        self.assertEqual(render(b"100%\r"), "100%")
        self.assertEqual(render(b"abc\b\bX"), "aXc")

    def test_what_turns_text_round_is_shown_to_be_there(self):
        self.assertEqual(render("a\u202eb".encode()), "a\N{REPLACEMENT CHARACTER}b")

    def test_bytes_that_are_no_text_are_replaced(self):
        self.assertEqual(render(b"a\xffb"), "a\N{REPLACEMENT CHARACTER}b")

    def test_names_in_any_script_stay(self):
        for name in ("Ёлкино", "日本語", "مرحبا", "é🙂"):
            self.assertEqual(render(name.encode()), name)

    def test_a_long_line_is_cut(self):
        for line in (b"x" * 9000, b"\x1b[1m" + b"x" * 9000):
            shown = Shown(render(line))
            self.assertEqual(shown.text, "x" * COLUMNS + "…")


class Colours(SimpleTestCase):
    """SGR codes become classes."""

    def test_colours_and_weights(self):
        for codes, classes in [
            ("31", "fg-1"),
            ("1;92", "bold fg-10"),
            ("48;5;12", "bg-12"),
            ("7", "inverse"),
            ("38;5;196", "fg-9"),
            ("38;2;1;200;3", "fg-2"),
            ("38:5:2", "fg-2"),
            ("4;3", "underline italic"),
            ("38;5;244", "fg-8"),
        ]:
            with self.subTest(codes):
                self.assertEqual(
                    render(f"\x1b[{codes}mx\x1b[0my".encode()), f'<span class="{classes}">x</span>y'
                )

    def test_what_is_switched_off_is_off(self):
        self.assertEqual(render(b"\x1b[1;31;42m\x1b[22;39;49mx"), "x")

    def test_broken_codes_harm_nothing(self):
        for codes in ("38", "38;5", "38;2;1", "999999999999", ";;;", "38;5;999"):
            with self.subTest(codes):
                self.assertEqual(Shown(render(f"\x1b[{codes}mx".encode())).text, "x")

    def test_a_number_of_thousands_of_digits_harms_nothing(self):
        for final in (b"m", b"K", b"G", b"C", b"D"):
            with self.subTest(final):
                html = render(b"a\x1b[" + b"1" * 5000 + final + b"b")
                self.assertIn(Shown(html).text, ("ab", "b", "a b"))


class Property(SimpleTestCase):
    """For any output, a page gets text and Rolf's own spans."""

    def test_no_bytes_make_any_tag_but_ours(self):
        chance = random.Random(11)  # noqa: S311
        parts = [
            b"<",
            b">",
            b'"',
            b"'",
            b"&",
            b"\x1b[",
            b"\x1b]",
            b"m",
            b"31",
            b";",
            b"K",
            b"\r",
            b"\b",
            b"\x07",
            b"\x1b\\",
            b"script",
            b"\xff",
            b"\x9b",
            b"\t",
            "é".encode(),
            b"x" * 50,
            b"\x1bP",
            b"class=",
            b"1;4;38;5;9m",
            b"C",
            b"G",
            b"99",
        ]
        for _ in range(4000):
            data = b"".join(chance.choices(parts, k=chance.randrange(1, 25)))
            html = render(data)
            shown = Shown(html)
            with self.subTest(data=data):
                self.assertEqual(shown.depth, 0)
                for tag, attributes in shown.tags:
                    self.assertEqual((tag, list(attributes)), ("span", ["class"]))
                    self.assertRegex(attributes["class"], r"\A[a-z0-9 -]+\Z")
                self.assertNotIn("<", re.sub(r'</?span(?: class="[a-z0-9 -]+")?>', "", html))
