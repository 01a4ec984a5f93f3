"""Flags of the command line: which are taken, and how the others are refused."""

import pytest

from bootstrapper.deploy.definition import flag
from bootstrapper.deploy.definition.problems import definition_error


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ([], ("", "none")),
        (["FAST"], ("1", "none")),
        (["FAST=yes"], ("1", "none")),
        (["FAST=TRUE"], ("1", "none")),
        (["FAST=0"], ("", "none")),
        (["FAST", "FAST=no"], ("", "none")),
        (["NOTE=a=b"], ("", "a=b")),
        (["NOTE="], ("", "")),
    ],
)
def test_flags_are_as_the_command_line_says(words: list[str], value: tuple[str, str]) -> None:
    flags = {"FAST": flag.Flag(name="FAST"), "NOTE": flag.Flag(name="NOTE", default="none")}
    given, problems = flag.values(flags, words, "production")
    assert (tuple(given.values()), problems) == (value, [])


@pytest.mark.parametrize(
    ("word", "reported"),
    [
        (
            "FSAT",
            '--flag FSAT: no flag of production is called FSAT; did you mean "FAST"?\n'
            "  next: python -m bootstrapper deploy production --flag FAST  # or --flag FAST=0, "
            "--flag NOTE=TEXT",
        ),
        (
            "SPEED",
            "--flag SPEED: no flag of production is called SPEED\n"
            "  next: python -m bootstrapper deploy production --dry-run  # it takes --flag FAST, "
            "--flag FAST=0, --flag NOTE=TEXT",
        ),
        (
            "NOTE",
            "--flag NOTE: the flag NOTE takes text, and --flag NOTE gives none\n"
            "  next: python -m bootstrapper deploy production --dry-run --flag NOTE=TEXT"
            "  # write your own TEXT",
        ),
        (
            "FAST=maybe",
            '--flag FAST: the flag FAST is on or off, which "maybe" doesn\'t say\n'
            "  next: python -m bootstrapper deploy production --flag FAST  # or --flag FAST=0",
        ),
        (
            "FAST=",
            '--flag FAST: the flag FAST is on or off, which "" doesn\'t say\n'
            "  next: python -m bootstrapper deploy production --flag FAST  # or --flag FAST=0",
        ),
    ],
)
def test_a_wrong_flag_says_which_are_right(word: str, reported: str) -> None:
    flags = {"FAST": flag.Flag(name="FAST"), "NOTE": flag.Flag(name="NOTE", default="none")}
    _, problems = flag.values(flags, [word], "production")
    assert str(definition_error(problems)) == reported


def test_every_wrong_flag_is_named() -> None:
    _, problems = flag.values({}, ["FAST", "SLOW=1"], "production")
    assert [problem.file for problem in problems] == ["--flag FAST", "--flag SLOW"]


def test_a_flag_where_there_are_none_says_where_one_is_written() -> None:
    _, [problem] = flag.values({}, ["FAST"], "production")
    assert "[deployments.production.flags.NAME]" in problem.next_step
