"""Text from outside cannot reverse the direction of a line."""

from django.test import SimpleTestCase, TestCase
from django.urls import reverse

from main.templatetags.rolf import code_spans, prose
from main.tests.cast import Cast
from main.tests.test_board import Case
from pushes.models import Push
from rolf.pages import harmless

EVIL = "pay \u202eevil\u2066\u200f \x1b[2J\x9b"


class Pages(Case):
    """Pages with a comment that holds control characters."""

    def test_a_page_shows_no_control_characters(self):
        push = Push.objects.create(
            deployment=self.cast.mine,
            number=3,
            user_name=EVIL,
            state="failed",
            comment=EVIL,
            ref=EVIL,
            reason=EVIL,
        )
        for address in ("/", push.get_absolute_url(), f"/search/?q={EVIL}"):
            text = self.client.get(address, follow=True).content.decode()
            with self.subTest(address):
                for letter in "\u202e\u2066\u200f\x1b\x9b":
                    self.assertNotIn(letter, text.replace('value="' + EVIL, ""))
        self.assertContains(self.client.get("/"), "pay \ufffdevil\ufffd\ufffd")


class Harmless(SimpleTestCase):
    """The characters that are replaced in HTML."""

    def test_the_fields_of_forms_keep_their_text(self):
        kept = '<textarea name="code">a\u202eb</textarea><input name="a" value="a\u202eb">'
        self.assertEqual(harmless(kept), kept)
        self.assertEqual(
            harmless('<b title="a\u202e">b\u2069</b>' + kept),
            '<b title="a\ufffd">b\ufffd</b>' + kept,
        )


class CodeSpans(TestCase):
    """Comments of recipes, which write code between backticks."""

    def test_backticks_become_code_and_html_stays_text(self):
        self.assertEqual(
            code_spans("The `<b>` in <i>, ` alone"),
            "The <code>&lt;b&gt;</code> in &lt;i&gt;, ` alone",
        )

    def test_code_may_begin_on_one_line_and_end_on_the_next(self):
        self.assertEqual(prose("Runs `make\ntest`."), "<p>Runs <code>make test</code>.</p>")

    def test_the_cookbook_shows_no_backticks(self):
        self.client.force_login(Cast().people["edit"])
        page = self.client.get(reverse("cookbook:recipes"))
        self.assertContains(page, "the link <code>current</code> to the release")
        self.assertNotContains(page, "`")
