"""A version that no lock has must be as old as `cooldown` says."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.index import Index
from tests.support.wheels import make_wheel
from tests.vendor.conftest import MakeProject, files, snapshot, vendor

COOLDOWN = 'cooldown = "7 days"'


def release(index: Index, version: str, days: float | None, name: str = "tiny") -> None:
    wheel = make_wheel(index.directory, name, version)
    for path in index.directory.iterdir():
        index.uploaded.setdefault(path.name, datetime(2020, 1, 1, tzinfo=UTC))
    if days is None:
        del index.uploaded[wheel.name]
    else:
        index.uploaded[wheel.name] = datetime.now(UTC) - timedelta(days=days)


def tiny(version: str) -> list[str]:
    return [f"tiny-{version}-py3-none-any.whl"]


def test_young_versions_are_held_back(
    index: Index, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    for version, days in (("1.0", 30), ("1.1", 8), ("1.2", 6), ("2.0", 0.2)):
        release(index, version, days)
    project = make_project("tiny", settings=COOLDOWN)
    assert vendor(project) == 0
    assert files(project) == tiny("1.1")
    printed = capsys.readouterr().out
    assert "held back: tiny 2.0, 4 hours old; --now takes it\n" in printed
    assert "held back: tiny 1.2, 6 days old; --now takes it\n" in printed


def test_now_passes_once_and_leaves_no_trace(index: Index, make_project: MakeProject) -> None:
    release(index, "1.0", 30)
    release(index, "2.0", 1)
    project = make_project("tiny", settings=COOLDOWN)
    assert vendor(project) == 0
    assert files(project) == tiny("1.0")
    assert vendor(project, "upgrade", "tiny") == 0
    assert files(project) == tiny("1.0")
    assert vendor(project, "upgrade", "tiny", "--now") == 0
    assert files(project) == tiny("2.0")
    # A locked version is no new version.
    before = snapshot(project)
    assert vendor(project) == 0
    assert vendor(project, "upgrade", "tiny") == 0
    assert snapshot(project) == before


def test_only_young_versions_are_an_error_that_says_so(
    index: Index, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    release(index, "2.0", 1)
    project = make_project("tiny", settings=COOLDOWN)
    assert vendor(project) == 1
    printed = capsys.readouterr().err
    assert "cooldown in pyproject.toml holds new versions back: tiny 2.0 is 1 day old" in printed
    assert printed.endswith(" -m vendor_fetch sync --now  # takes them this time\n")
    assert vendor(project, "sync", "--now") == 0


def test_index_without_times_gets_one_plain_line(
    index: Index, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    make_wheel(index.directory, "tiny")
    project = make_project("tiny", settings=COOLDOWN)
    assert vendor(project) == 0
    assert files(project) == tiny("1.0")
    notes = [line for line in capsys.readouterr().out.splitlines() if line.startswith("note:")]
    assert len(notes) == 1
    assert "does not tell when" in notes[0]


@pytest.mark.parametrize("value", ["7", '"7"', '"soon"', '"-1 days"', "true", '"99999 days"'])
def test_wrong_cooldown_is_shown(
    value: str, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    project: Path = make_project("tiny", settings=f"cooldown = {value}")
    assert vendor(project) == 2
    assert capsys.readouterr().err.startswith("pyproject.toml:6: cooldown is ")


def test_outdated_names_versions_that_are_held_back(
    index: Index, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    release(index, "1.0", 30)
    project = make_project("tiny", settings=COOLDOWN)
    assert vendor(project) == 0
    release(index, "2.0", 3.5)
    capsys.readouterr()
    assert vendor(project, "outdated") == 0
    printed = capsys.readouterr().out
    assert "tiny     1.0     2.0      2.0     3 days, held back by cooldown\n" in printed
    assert "vendor_fetch upgrade --now  # to the allowed versions" in printed


def test_many_versions_that_are_held_back_are_one_line(
    index: Index, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    release(index, "1.0", 30)
    for number in range(1, 6):
        release(index, f"2.{number}", 6 - number)
    assert vendor(make_project("tiny", settings=COOLDOWN)) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("held")]
    assert lines == ["held back: tiny 2.5, 1 day old, and 4 older versions of it; --now takes it"]
