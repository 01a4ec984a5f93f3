"""What Python has against a recipe is known before it runs."""

import pytest

from bootstrapper.deploy.recipes.python_syntax import syntax_problem


@pytest.mark.parametrize("code", ["", "self.execute(['ls'])\n", "print('\\d')\n", "a is 'x'\n"])
def test_code_that_can_run_has_none(code: str) -> None:
    assert syntax_problem(code) == (0, "")


def test_nothing_of_it_is_run() -> None:
    assert syntax_problem("raise SystemExit(1)") == (0, "")


@pytest.mark.parametrize("line", ["print x", "exec 'x'", "raise X, 'y'", "x = 0755"])
def test_python_2_is_recognised(line: str) -> None:
    number, reported = syntax_problem(f"x = 1\n{line}\n")
    assert number == 2
    assert reported.startswith("this is Python 2, and recipes run in Python 3: ")


@pytest.mark.parametrize(
    ("code", "number", "reported"),
    [
        ("x = 1\nif x\n", 2, "this is no Python: expected ':'"),
        ("\n\nreturn 1\n", 3, "this is no Python: 'return' outside function"),
        ("# coding: klingon\n", 1, "this is no Python: unknown encoding: klingon"),
        ("x = " + "(" * 10_000, 1, "this is no Python: too many nested parentheses"),
        ("-" * 200_000 + "1", 0, "nests deeper than Python can compile"),
    ],
)
def test_another_fault_is_reported_as_python_does(code: str, number: int, reported: str) -> None:
    assert syntax_problem(code) == (number, reported)
