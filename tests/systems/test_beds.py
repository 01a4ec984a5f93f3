"""Test beds are made once a week, and leave nothing behind."""

import time
from pathlib import Path

import pytest

from tests.support import beds, debootstrap
from tests.support.processes import at_work

WORKS = """#!/bin/sh -eu
[ "$1" = --variant=minbase ]
mkdir -p "$4/var/cache/apt/archives"
echo made >"$4/etc"
"""
FAILS = """#!/bin/sh
echo 'no network'
exit 1
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache of a user who has the system of an earlier week."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(debootstrap, "debian_mirror", lambda: "http://mirror.invalid/debian")
    monkeypatch.setattr(debootstrap, "DEBOOTSTRAP", str(tmp_path / "debootstrap"))
    directory = tmp_path / "bootstrapper-tests/systems"
    earlier = directory / f"trixie-{debootstrap.content()}-2020-W01"
    earlier.mkdir(parents=True)
    return directory


def program(cache: Path, text: str) -> None:
    """Put a program in debootstrap's place."""
    path = cache.parents[1] / "debootstrap"
    path.write_text(text)
    path.chmod(0o755)


def systems(cache: Path) -> list[str]:
    return sorted(path.name.rpartition("-20")[2] for path in cache.iterdir() if path.is_dir())


def test_system_of_an_earlier_week_is_replaced(cache: Path) -> None:
    program(cache, WORKS)
    with debootstrap.base_system("trixie") as made:
        assert (made / "etc").read_text() == "made\n"
    assert systems(cache) == [time.strftime("%G-W%V").removeprefix("20")]
    program(cache, FAILS)
    with debootstrap.base_system("trixie") as again:
        assert again == made


def test_system_in_use_is_kept(cache: Path) -> None:
    program(cache, FAILS)
    with debootstrap.base_system("trixie") as earlier:
        program(cache, WORKS)
        with debootstrap.base_system("trixie") as made:
            assert made != earlier
        assert earlier.is_dir()


def test_system_of_an_earlier_week_is_used_without_a_network(cache: Path) -> None:
    program(cache, FAILS)
    with debootstrap.base_system("trixie") as system:
        assert system.name.endswith("-2020-W01")
    assert systems(cache) == ["20-W01"]


def test_failure_of_debootstrap_is_reported(cache: Path) -> None:
    program(cache, FAILS)
    with pytest.raises(AssertionError, match="no network"), debootstrap.base_system("sid"):
        pass
    assert systems(cache) == ["20-W01"]


def test_bed_leaves_nothing(bed: beds.Bed) -> None:
    with beds.bed(bed.suite) as other:
        other.run("setsid sleep 600 </dev/null >/dev/null 2>&1 &")
        base = other.place.parent
        assert any("sleep 600" in line for line in at_work(base))
    assert not base.exists()
    assert at_work(base) == []
