"""A recipe says in its leading comment what it does and what it needs."""

import subprocess
from pathlib import Path

import pytest

from bootstrapper.deploy.definition.problems import DefinitionError
from bootstrapper.deploy.recipes.catalog import RecipeCatalog
from bootstrapper.deploy.recipes.recipe import Recipe, parse
from tests.support.definitions import recipe


def read(text: str, suffix: str = ".sh") -> Recipe:
    return parse("x", suffix, text.encode(), file="x" + suffix)


def fault(data: bytes, suffix: str = ".sh") -> str:
    with pytest.raises(DefinitionError) as caught:
        parse("x", suffix, data, file="x" + suffix)
    return str(caught.value)


def test_the_leading_comment_is_the_description_without_the_marks() -> None:
    found = read("""\
# Sends the release to the host. It is resumable,
# and skips what is there.
#
# Optional: BWLIMIT.
# needs: REMOTE_HOST, REMOTE_DIRECTORY
# needs: REMOTE_HOST KEY
# per-host
# switches
# resolves: git

# shellcheck disable=SC2029
set -u  # needs: NOTHING
# needs: NOTHING_EITHER
""")
    assert found.description == (
        "Sends the release to the host. It is resumable,\nand skips what is there.\n\n"
        "Optional: BWLIMIT."
    )
    assert found.summary == "Sends the release to the host."
    assert found.needs == ("REMOTE_HOST", "REMOTE_DIRECTORY", "KEY")
    assert found.per_host and found.switches
    assert found.resolves == "git"
    assert found.language == "shell"


def test_a_mark_is_alone_in_its_line() -> None:
    found = read("# per-host things\n# switches nothing\n# it needs: X\ntrue\n")
    assert not (found.per_host or found.switches or found.needs)
    assert found.description.startswith("per-host things")


def test_a_recipe_needs_no_comment() -> None:
    assert read("rm -rf x\n").description == read("rm -rf x\n").summary == ""
    assert read("").description == ""


@pytest.mark.parametrize(
    ("text", "suffix", "language"),
    [
        ("true\n", ".sh", "shell"),
        ("pass\n", ".py", "python"),
        ("#!/bin/sh\ntrue\n", ".sh", "program"),
        ("#!/usr/bin/env python3\npass\n", ".py", "program"),
        ("#!/usr/bin/perl\n1;\n", ".pl", "program"),
        ("#!/bin/sh\n", "", "program"),
    ],
)
def test_what_has_a_shebang_is_a_program(text: str, suffix: str, language: str) -> None:
    assert read(text, suffix).language == language


def test_the_comment_follows_the_shebang() -> None:
    assert read("#!/bin/bash\n\n# Does it.\n# needs: X\n").description == "Does it."


@pytest.mark.parametrize("quotes", ['"""', "'''", '"'])
def test_a_docstring_is_a_description_and_the_marks_are_comments(quotes: str) -> None:
    found = read(
        f"# needs: A\n{quotes}Asks until it answers.{quotes}\n\n# needs: B\n# per-host\n"
        "# Constants\nX = 1\n",
        ".py",
    )
    assert found.description == "Asks until it answers."
    assert found.needs == ("A", "B")
    assert found.per_host


def test_a_mark_in_a_docstring_is_none() -> None:
    found = read('"""Asks.\n\n# needs: A\nneeds: B\n"""\n', ".py")
    assert found.needs == ()


def test_python_2_is_described_as_well() -> None:
    assert read("# Prints.\nprint 'x'\n", ".py").description == "Prints."


def test_a_quoted_word_at_the_start_of_shell_code_is_no_docstring() -> None:
    assert read('"$PROGRAM" run\n# needs: X\n').description == ""


@pytest.mark.parametrize(
    ("data", "reported"),
    [
        (b"# caf\xe9\n", "x.sh:1: not UTF-8 at byte 5\n  next: file x.sh"),
        (
            b"true\necho 1\r\n",
            "x.sh:2: ends its lines as Windows does (CR LF)\n  next: sed -i 's/\\r$//' x.sh",
        ),
        (
            b"\xef\xbb\xbftrue\n",
            "x.sh:1: begins with a byte order mark, which no shell takes\n"
            "  next: sed -i '1s/^\\xEF\\xBB\\xBF//' x.sh",
        ),
        (b"a\0b", "x.sh: holds a NUL, so it is no text\n  next: ${EDITOR:-vi} x.sh"),
        (
            b"# needs: A foo-bar\n",
            'x.sh:1: needs: "foo-bar" can\'t be the name of a setting\n'
            "    # needs: A foo-bar\n               ^\n  next: ${EDITOR:-vi} +1 x.sh",
        ),
        (
            b"\n# resolves: svn\n",
            'x.sh:2: resolves: "svn" is unknown; it may be "git"\n'
            "    # resolves: svn\n                ^\n  next: ${EDITOR:-vi} +2 x.sh",
        ),
    ],
)
def test_a_file_that_cannot_be_a_recipe_is_reported_with_its_line(
    data: bytes, reported: str
) -> None:
    assert fault(data) == reported


def test_windows_line_ends_do_python_no_harm() -> None:
    assert read("# Does it.\r\n# needs: X\r\npass\r\n", ".py").needs == ("X",)


def test_the_commands_that_repair_a_recipe_do(tmp_path: Path) -> None:
    for text in ("echo 1\r\n", "\ufeffecho 1\n"):
        path = recipe(tmp_path, "it is.sh", text)
        with pytest.raises(DefinitionError) as caught:
            RecipeCatalog(tmp_path).get("it is")
        subprocess.run(caught.value.next_step, shell=True, check=True, cwd=tmp_path)
        assert path.read_text() == "echo 1\n"
        assert RecipeCatalog(tmp_path).get("it is")
