"""`upgrade` moves the named packages and what they force, and nothing else."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bootstrapper.ve.project.lockfile import APPS, read
from tests.support.index import Index
from tests.support.wheels import make_wheel
from tests.vendor import conftest
from tests.vendor.conftest import MakeProject, snapshot, vendor


def versions(project: Path) -> dict[str, str]:
    return {file.distribution.name: file.distribution.version for file in read(project, APPS)}


@pytest.fixture
def shop(index: Index, make_project: MakeProject) -> Iterator[Path]:
    """Thirty packages at 1.0, of which the index has 2.0 by now.

    Package 2.0 of `a` needs `b` 2.0; `c` 1.0 forbids `a` 2.0, and `c` 2.0 does not. The others are
    apart.
    """
    others = [f"p{number}" for number in range(27)]
    for name in ("b", *others):
        make_wheel(index.directory, name, "1.0")
    make_wheel(index.directory, "a", "1.0", requires=["b"])
    make_wheel(index.directory, "c", "1.0", requires=["a<2"])
    project = make_project("a", "c", *others)
    assert vendor(project) == 0
    for name in ("b", *others):
        make_wheel(index.directory, name, "2.0")
    make_wheel(index.directory, "a", "2.0", requires=["b>=2"])
    make_wheel(index.directory, "c", "2.0", requires=["a"])
    yield project
    assert vendor(project, "check") == 0


def changes(project: Path, *words: str) -> dict[str, str]:
    before = versions(project)
    assert vendor(project, *words) == 0
    after = versions(project)
    return {name: after[name] for name in after if before.get(name) != after[name]}


def test_upgrade_moves_what_the_package_forces(shop: Path) -> None:
    assert changes(shop, "upgrade", "a") == {"a": "2.0", "b": "2.0", "c": "2.0"}


@pytest.mark.parametrize("name", ["b", "c", "P7"])
def test_upgrade_moves_one_package_alone(name: str, shop: Path) -> None:
    assert changes(shop, "upgrade", name) == {name.lower(): "2.0"}


def test_upgrade_of_all_moves_all(shop: Path) -> None:
    assert set(changes(shop, "upgrade").values()) == {"2.0"}
    assert set(versions(shop).values()) == {"2.0"}


def test_upgrade_stays_within_apps_in(shop: Path, make_project: MakeProject, index: Index) -> None:
    lines = (shop / "requirements/apps.in").read_text().replace("p7\n", "p7<2\n").splitlines()
    make_project(*lines)
    assert changes(shop, "upgrade", "p7") == {}


def test_dry_run_of_upgrade_changes_nothing(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = snapshot(shop)
    capsys.readouterr()
    assert vendor(shop, "upgrade", "a", "--dry-run") == 0
    printed = capsys.readouterr().out
    assert {name: row[:2] for name, row in conftest.changes(printed).items()} == {
        name: ["1.0", "2.0"] for name in ("a", "b", "c")
    }
    assert snapshot(shop) == before


def test_upgrade_of_a_package_that_is_not_vendored_is_refused(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert vendor(shop, "upgrade", "pp7") == 2
    printed = capsys.readouterr().err
    assert printed.startswith('pp7: is not vendored; did you mean "p')


def test_why_prints_the_chain(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert vendor(shop, "why", "b") == 0
    assert capsys.readouterr().out == "b 1.0: requirements/apps.in:1 -> a -> b\n  required by a\n"


def test_size_adds_up(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert vendor(shop, "size") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["package", "version", "files", "size"]
    assert lines[-1].startswith("32 packages, 0.0 MB")


def test_outdated_shows_what_apps_in_allows(
    shop: Path, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = (shop / "requirements/apps.in").read_text().replace("p7\n", "p7<2\n").splitlines()
    make_project(*lines)
    capsys.readouterr()
    assert vendor(shop, "outdated", "--json") == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert len(rows) == 30
    assert rows["p7"] == {
        "name": "p7",
        "locked": "1.0",
        "allowed": "1.0",
        "newest": "2.0",
        "newest_age_days": None,
    }
    assert rows["a"]["allowed"] == "2.0"
    assert vendor(shop, "upgrade") == 0
    capsys.readouterr()
    assert vendor(shop, "outdated") == 0
    printed = capsys.readouterr().out.splitlines()
    assert [line.split() for line in printed[1:-1]] == [["p7", "1.0", "1.0", "2.0"]]


def test_outdated_without_the_index_asks_nobody(
    shop: Path, index: Index, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VENDOR_FETCH_OFFLINE", "1")
    index.asked.clear()
    capsys.readouterr()
    assert vendor(shop, "outdated") == 1
    assert capsys.readouterr().err == (
        "outdated: it asks the index, which VENDOR_FETCH_OFFLINE forbids\n"
        "  next: env -u VENDOR_FETCH_OFFLINE make vendor\n"
    )
    assert index.asked == []
