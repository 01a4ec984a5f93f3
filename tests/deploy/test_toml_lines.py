"""Lines are found however a document is written."""

import tomllib
from typing import Any

from bootstrapper.deploy.definition import toml_lines

EVERYTHING = '''\
# [comment]
title = "a # no comment"
"quoted key" = 1
'literal.key' = 2
a . "b.c" . d = 3

[table]   # comment
text = """
[no table]
key = "no key"
\\""" not the end
"""
literal = \'\'\'
x = 1
\'\'\'
five = """two quotes more""\"""
after = 1979-05-27 07:32:00
array = [
    "one",  # ]
    [ 2,
      { three = 3, "f o u r" = 4 } ],
]
inline = { a.b = 1, c = [1, 2] }

[table."sub table".x]
key = true

[[many]]
name = "first"
[many.inner]
x = 1
[[many]]
name = "second"
[[many.deep]]
y = 2
[a.later]
'''


def paths(value: Any, path: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
    """Every path of a parsed document."""
    found = {path} if path else set()
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, each in items:
        found |= paths(each, (*path, key))
    return found


def test_every_key_of_a_document_is_found_and_nothing_else() -> None:
    found = toml_lines.find(EVERYTHING)
    assert set(found.of) == paths(tomllib.loads(EVERYTHING))
    assert found.twice == []


def test_the_line_is_that_of_the_key() -> None:
    of = toml_lines.find(EVERYTHING).of
    lines = EVERYTHING.split("\n")
    for path, word in {
        ("quoted key",): '"quoted key"',
        ("literal.key",): "literal.key",
        ("a", "b.c"): "a . ",
        ("table",): "[table]",
        ("table", "literal"): "literal =",
        ("table", "after"): "after",
        ("table", "array", 0): '"one"',
        ("table", "array", 1): "[ 2,",
        ("table", "array", 1, 1, "f o u r"): "f o u r",
        ("table", "inline", "c", 1): "inline",
        ("table", "sub table", "x", "key"): "key = true",
        ("many", 0, "name"): "first",
        ("many", 1, "name"): "second",
        ("many", 1, "deep", 0, "y"): "y = 2",
        ("many", 0, "inner"): "[many.inner]",
        ("a", "later"): "[a.later]",
    }.items():
        assert word in lines[of[path] - 1], path


def test_windows_line_ends_and_a_missing_last_one_change_no_line() -> None:
    for text in (EVERYTHING.replace("\n", "\r\n"), EVERYTHING.rstrip("\n")):
        assert toml_lines.find(text).of == toml_lines.find(EVERYTHING).of


def test_a_path_without_a_line_has_that_of_what_is_around_it() -> None:
    found = toml_lines.find("[a]\nb = 1\n")
    assert found.nearest(("a", "b", "c", 0)) == 2
    assert found.nearest(("a", "x")) == 1
    assert found.nearest(("y",)) == 0


def test_what_is_given_twice_is_found_with_both_lines() -> None:
    found = toml_lines.find("a = 1\n[t]\nx = 1\n'x' = 2\n[t]\n[u]\na = 1\n")
    assert found.twice == [(("t", "x"), 4), (("t",), 5)]
    assert found.of["t", "x"] == 3


def test_broken_documents_end_the_search_and_nothing_else() -> None:
    for length in range(len(EVERYTHING)):
        toml_lines.find(EVERYTHING[:length])  # ends, and raises nothing
        toml_lines.find(EVERYTHING[length:])
