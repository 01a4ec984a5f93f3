"""`add` and `remove` change apps.in, the lock and the files together."""

from pathlib import Path

import pytest

from tests.support.index import Index
from tests.support.wheels import make_wheel
from tests.vendor.conftest import MakeProject, changes, files, snapshot, vendor

TINY = "tiny-1.0-py3-none-any.whl"


@pytest.fixture
def project(index: Index, make_project: MakeProject) -> Path:
    """It asks for tiny, with comments around."""
    for name, version, requires in (
        ("tiny", "1.0", []),
        ("tiny", "2.0", []),
        ("extra", "1.0", ["deep"]),
        ("deep", "1.0", []),
    ):
        make_wheel(index.directory, name, version, requires=requires)
    made = make_project("# Ours.", "tiny<2  # small", "", "# Options.")
    assert vendor(made) == 0
    return made


def asked(project: Path) -> str:
    return (project / "requirements/apps.in").read_text()


def test_add_appends_a_line_and_vendors(project: Path) -> None:
    assert vendor(project, "add", "extra>=1") == 0
    assert asked(project) == "# Ours.\ntiny<2  # small\nextra>=1\n\n# Options.\n"
    assert files(project) == ["deep-1.0-py3-none-any.whl", "extra-1.0-py3-none-any.whl", TINY]
    assert vendor(project, "check") == 0
    before = snapshot(project)
    assert vendor(project, "add", "extra>=1") == 0
    assert snapshot(project) == before


def test_add_replaces_the_line_of_the_package(project: Path) -> None:
    assert vendor(project, "add", "Tiny>=2") == 0
    assert asked(project) == "# Ours.\nTiny>=2  # small\n\n# Options.\n"
    assert files(project) == ["tiny-2.0-py3-none-any.whl"]


def test_remove_takes_the_files_along(project: Path) -> None:
    assert vendor(project, "add", "extra") == 0
    assert vendor(project, "remove", "EXTRA") == 0
    assert asked(project) == "# Ours.\ntiny<2  # small\n\n# Options.\n"
    assert files(project) == [TINY]


def test_line_of_an_included_file_is_changed_there(project: Path) -> None:
    (project / "requirements/option.in").write_text("extra  # optional\n")
    (project / "requirements/apps.in").write_text("tiny<2\n-r option.in\n")
    assert vendor(project) == 0
    assert vendor(project, "add", "extra>=1") == 0
    assert (project / "requirements/option.in").read_text() == "extra>=1  # optional\n"
    assert vendor(project, "remove", "extra") == 0
    assert (project / "requirements/option.in").read_text() == ""
    assert asked(project) == "tiny<2\n-r option.in\n"


def test_file_of_a_windows_editor_keeps_its_line_ends(project: Path) -> None:
    path = project / "requirements/apps.in"
    path.write_bytes(b"\xef\xbb\xbftiny<2\r\n# Options.\r\n")
    assert vendor(project, "add", "extra") == 0
    assert path.read_bytes() == b"\xef\xbb\xbftiny<2\r\nextra\r\n# Options.\r\n"


@pytest.mark.parametrize("words", [("add", "nowhere"), ("add", "tiny>=9")])
def test_failed_add_changes_nothing(words: tuple[str, ...], project: Path) -> None:
    before = snapshot(project)
    assert vendor(project, *words) == 1
    assert snapshot(project) == before


def test_dry_run_changes_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = snapshot(project)
    capsys.readouterr()
    assert vendor(project, "add", "extra", "--dry-run") == 0
    printed = capsys.readouterr().out
    assert changes(printed) == {
        "deep": ["1.0", "0.00 MB", "extra"],
        "extra": ["1.0", "0.00 MB", "requirements/apps.in:3"],
    }
    assert vendor(project, "remove", "tiny", "--dry-run") == 0
    assert snapshot(project) == before


def test_wrong_words_are_refused(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert vendor(project, "remove", "deep") == 2
    assert capsys.readouterr().err.startswith("requirements/apps.in: deep: no line asks for it\n")
    assert vendor(project, "add", "extra is nice") == 2
    assert capsys.readouterr().err.startswith("extra is nice: ")


def test_failed_add_says_that_apps_in_is_unchanged(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert vendor(project, "add", "nowhere>1") == 1
    assert capsys.readouterr().err == (
        "requirements/apps.in:3: the index has no package nowhere\n"
        "    requirements/apps.in:3: nowhere>1\n"
        "    nothing was changed; the numbers count the new lines of requirements/apps.in, too\n"
        "  next: ve/bin/python -m vendor_fetch add 'nowhere>1'  # with a change: correct line 3, or "
        "configure pip or uv for an index that has it\n"
    )


def test_added_line_that_no_target_takes_is_warned_of(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert vendor(project, "add", "extra ; python_version < '3'") == 0
    assert capsys.readouterr().out.startswith(
        "no package changes\n"
        "warning: extra is not vendored: the marker of its line excludes every target\n"
    )


def test_line_that_takes_a_package_from_every_target_is_warned_of(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert vendor(project, "add", "extra") == 0
    capsys.readouterr()
    assert vendor(project, "add", "extra ; python_version < '3'") == 0
    assert (
        "warning: extra is not vendored: the marker of its line excludes every target\n"
        in capsys.readouterr().out
    )
