"""What people and other programs write steers no terminal and breaks no line."""

import pytest

from bootstrapper.deploy.screen.terminal_filter import TerminalFilter
from bootstrapper.errors import WorkFailed
from bootstrapper.plain_text import lines, single_line

EVIL = "a\x1b]0;title\x07b\x1b[2Jc\u202ed\u2066e\x9b31mf\u200fg"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (EVIL, "abcdefg"),
        ("one\r\ntwo", "one two"),
        ("one\n\n  two\rthree", "one two three"),
        ("ends\r\n", "ends"),
        ("a\u2028b\x85c", "a b c"),
        ("\u061cארבע", "ארבע"),
        ("\x1b[31mred\x1b[0m", "red"),
    ],
)
def test_a_field_is_one_harmless_line(text: str, line: str) -> None:
    assert single_line(text) == line


def test_a_message_keeps_its_lines() -> None:
    assert lines("a\x1b[2J\n  b\r\n    c\u202e") == "a\n  b\n    c"


def test_an_error_steers_no_terminal() -> None:
    error = WorkFailed(f"x\n{EVIL}", f"git says {EVIL}", "git fetch")
    assert str(error) == "x abcdefg: git says abcdefg\n  next: git fetch"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (b"\x1b[31mred\x1b[0m\x1b[K\r\n", b"\x1b[31mred\x1b[0m\x1b[K\r\n"),
        (b"\x1b]0;title\x07a\x1b]8;;http://x\x1b\\b", b"ab"),
        (b"\x1b[2J\x1b[1;1Ha\x1bcb\x1b7", b"ab"),
        ("a\u202eb\u2069c\u200ed".encode(), "a\ufffdb\ufffdc\ufffdd".encode()),
        ("\x9b2Ja\x9d0;x\x9cb".encode(), b"ab"),
        (b"a\x07\x00\x0eb\tc", b"ab\tc"),
        ("grüße → €".encode(), "grüße → €".encode()),
    ],
)
def test_a_terminal_gets_colours_alone(given: bytes, shown: bytes) -> None:
    assert TerminalFilter().feed(given) == shown
    split = TerminalFilter()
    assert b"".join(split.feed(bytes([byte])) for byte in given) == shown
