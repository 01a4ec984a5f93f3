"""[tool.vendor_fetch] has known keys only; an error about one shows its line."""

from pathlib import Path

import pytest

from bootstrapper.ve.project import project as rebuilt_project
from tests.vendor.conftest import MakeProject, vendor
from vendor_fetch.project import project as vendor_project
from vendor_fetch.project.pyproject import KNOWN, setting_error
from vendor_fetch.reports import settings

HEAD = '[project]\nname = "project"\nrequires-python = ">=3.11"\n'


def test_known_keys_are_those_that_the_reference_explains() -> None:
    explained = {**rebuilt_project.KEYS, **vendor_project.KEYS, **settings.KEYS}
    keys = {key for table, key in explained if table == "tool.vendor_fetch"}
    tables = {
        table.removeprefix("tool.vendor_fetch.") for table, _ in explained if "fetch." in table
    }
    assert sorted(keys | tables) == list(KNOWN)


@pytest.mark.parametrize("command", ["sync", "check", "licenses", "why"])
@pytest.mark.parametrize(
    ("text", "line", "fault"),
    [
        (
            '[tool.vendor_fetch]\nformat = "wheel"\ntarget = []\n',
            6,
            "has no key 'target'; did you mean \"targets\"?\n    target = []\n",
        ),
        ("[tool.vendor_fetch]\nbuild_requires = []\n", 5, 'did you mean "build-requires"?\n'),
        ('[tool.vendor_fetch]\n"cool-down" = ""\n', 5, 'did you mean "cooldown"?\n'),
        ('[tool.vendor_fetch]\nvendor_format = "wheel"\n', 5, 'did you mean "format"?\n'),
        ("[tool.vendor_fetch]\nxyz = 1\n", 5, "has no key 'xyz'\n    xyz = 1\n"),
        (
            '[tool.other]\nlicences = 1\n[tool.vendor_fetch.licences]\ntiny = "MIT"\n',
            6,
            "has no key 'licences'; did you mean \"licenses\"?\n    [tool.vendor_fetch.licences]\n",
        ),
        ('[[tool.vendor_fetch.ignored]]\nid = "1"\n', 4, 'did you mean "ignore"?\n'),
    ],
)
def test_unknown_key_is_refused(
    command: str,
    text: str,
    line: int,
    fault: str,
    make_project: MakeProject,
    capsys: pytest.CaptureFixture[str],
) -> None:
    project = make_project("tiny")
    (project / "pyproject.toml").write_text(HEAD + text)
    assert vendor(project, command, *(["tiny"] if command == "why" else [])) == 2
    printed = capsys.readouterr().err
    assert printed.startswith(f"pyproject.toml:{line}: [tool.vendor_fetch] has no key ")
    assert fault in printed
    assert (
        "pyproject.toml  # remove it, or write one of advisories, allowed-licenses, build-requires, "
        "cooldown, format, ignore, licenses, targets, then: "
    ) in printed


def test_unknown_key_in_an_inline_table_has_no_line(
    make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    project = make_project("tiny")
    (project / "pyproject.toml").write_text(f"{HEAD}[tool]\nvendor_fetch = {{ target = [] }}\n")
    assert vendor(project, "check") == 2
    assert capsys.readouterr().err.startswith(
        "pyproject.toml: [tool.vendor_fetch] has no key 'target'; did you mean \"targets\"?\n"
    )


def place(directory: Path, text: str, key: str, item: int = 0) -> str:
    (directory / "pyproject.toml").write_text(text)
    error = setting_error(directory, key, "it is wrong", "example", item=item)
    return (
        f"{error.where.removeprefix('pyproject.toml')} {error.fault.partition(chr(10))[2].strip()}"
    )


@pytest.mark.parametrize(
    ("text", "key", "item", "expected"),
    [
        ("[tool.vendor_fetch]\nformat = 1\n", "format", 0, ":2 format = 1"),
        (
            "[tool.other]\nformat = 1\n[tool.vendor_fetch]\nformat = 2\n",
            "format",
            0,
            ":4 format = 2",
        ),
        ("[tool.vendor_fetch] # x\n  'format'=1\n", "format", 0, ":2 'format'=1"),
        ("[tool.vendor_fetch.licenses]\na = 1\ntiny = 2\n", "tiny", 0, ":3 tiny = 2"),
        ("[tool.vendor_fetch]\nlicenses.tiny = 2\n", "licenses", 0, ":2 licenses.tiny = 2"),
        (
            "[[tool.vendor_fetch.ignore]]\nid = 1\n[[tool.vendor_fetch.ignore]]\nid = 2\n",
            "ignore",
            2,
            ":3 [[tool.vendor_fetch.ignore]]",
        ),
        (
            "[tool.vendor_fetch]\nignore = [\n  { id = 1 },\n  { id = 2 },\n]\n",
            "ignore",
            2,
            ":4 { id = 2 },",
        ),
        # Its password is not printed.
        (
            '[tool.vendor_fetch]\nadvisories = "ftp://me:secret@host/"\n',
            "advisories",
            0,
            ':2 advisories = "ftp://…@host/"',
        ),
    ],
)
def test_line_of_a_setting(text: str, key: str, item: int, expected: str, tmp_path: Path) -> None:
    assert place(tmp_path, text, key, item) == expected
