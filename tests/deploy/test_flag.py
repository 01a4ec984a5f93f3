"""Flags of the command line: what can be given, and what is said of the rest."""

import pytest

from bootstrapper.deploy.definition import flag
from bootstrapper.errors import InputError


@pytest.mark.parametrize(("words", "value"), [
    ([], ("", "none")), (["FAST"], ("1", "none")), (["FAST=yes"], ("1", "none")),
    (["FAST=TRUE"], ("1", "none")), (["FAST=0"], ("", "none")), (["FAST", "FAST=no"], ("", "none")),
    (["NOTE=a=b"], ("", "a=b")), (["NOTE="], ("", "")),
])
def test_flags_are_as_the_command_line_says(words: list[str], value: tuple[str, str]) -> None:
    flags = {"FAST": flag.Flag(name="FAST"), "NOTE": flag.Flag(name="NOTE", default="none")}
    assert tuple(flag.values(flags, words, "production").values()) == value


@pytest.mark.parametrize(("word", "told"), [
    ("FSAT", '--flag FSAT: production has no such flag; did you mean "FAST"?\n'
     "  next: one of --flag FAST, --flag NOTE=TEXT"),
    ("NOTE", "--flag NOTE: takes text, and there is none\n  next: --flag NOTE=TEXT"),
    ("FAST=maybe", '--flag FAST: is on or off, which "maybe" doesn\'t say\n'
     "  next: --flag FAST for on, --flag FAST=0 for off"),
    ("FAST=", '--flag FAST: is on or off, which "" doesn\'t say\n'
     "  next: --flag FAST for on, --flag FAST=0 for off"),
])
def test_a_wrong_flag_says_which_are_right(word: str, told: str) -> None:
    flags = {"FAST": flag.Flag(name="FAST"), "NOTE": flag.Flag(name="NOTE", default="none")}
    with pytest.raises(InputError) as caught:
        flag.values(flags, [word], "production")
    assert str(caught.value) == told


def test_a_flag_where_there_are_none_says_where_one_is_written() -> None:
    with pytest.raises(InputError, match=r"\[deployments.production.flags.NAME\]"):
        flag.values({}, ["FAST"], "production")
