"""`add` of a package that no lock has: when it was first released, and whether it is a look-alike."""

import os
import pty
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.support.index import Index
from tests.support.wheels import make_wheel
from tests.vendor.conftest import MakeProject, files, snapshot, vendor
from vendor_fetch.upkeep.look_alike import look_alike

REQUESTS = "requests-1.0-py3-none-any.whl"
LOOK_ALIKE = "reqeusts-1.0-py3-none-any.whl"
QUESTION = "reqeusts is one letter away from requests, which is vendored. Add it? [y/N] "


@pytest.fixture
def project(index: Index, make_project: MakeProject) -> Path:
    """requests is vendored, and the index has reqeusts."""
    make_wheel(index.directory, "requests")
    make_wheel(index.directory, "reqeusts")
    made = make_project("requests")
    assert vendor(made) == 0
    return made


@pytest.mark.parametrize(
    ("name", "other"),
    [
        *(("reqeusts", "requests"), ("request", "requests"), ("requestss", "requests")),
        *(("requezts", "requests"), ("python-dateutils", "python-dateutil")),
        *(("pythondateutil", "python-dateutil"), ("py-thon-dateutil", "python-dateutil")),
        *(("requests", ""), ("requets2", ""), ("django", ""), ("estsrequ", ""), ("", "")),
    ],
)
def test_look_alike_is_one_edit_away(name: str, other: str) -> None:
    assert look_alike(name, {"requests", "python-dateutil", "pip"}) == other


def test_first_release_and_publisher_are_printed(
    project: Path, index: Index, capsys: pytest.CaptureFixture[str]
) -> None:
    for version in ("1.0", "2.0"):
        wheel = make_wheel(index.directory, "fresh", version, requires=["helper"])
        index.publishers[wheel.name] = {"kind": "GitLab", "repository": "example/fresh"}
    make_wheel(index.directory, "helper")
    first = datetime.now(UTC) - timedelta(days=40, hours=1)
    for path in index.directory.iterdir():
        index.uploaded[path.name] = first if "-1.0-" in path.name else datetime.now(UTC)
    capsys.readouterr()
    assert vendor(project, "add", "Fresh>=2") == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if "new here" in line]
    assert lines == [
        f"new here: fresh, first release {first:%Y-%m-%d}, 40 days ago, "
        "published by GitLab example/fresh"
    ]
    assert vendor(project, "add", "fresh") == 0
    assert "new here" not in capsys.readouterr().out


def test_index_without_times_is_named(
    project: Path, index: Index, capsys: pytest.CaptureFixture[str]
) -> None:
    make_wheel(index.directory, "fresh")
    capsys.readouterr()
    assert vendor(project, "add", "fresh") == 0
    assert (
        "new here: fresh, the index does not give its first release, no known publisher\n"
        in capsys.readouterr().out
    )


def test_first_lock_of_a_project_prints_the_first_release_as_well(
    index: Index, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    make_wheel(index.directory, "fresh")
    project = make_project()
    assert vendor(project, "add", "fresh") == 0
    assert "new here: fresh, " in capsys.readouterr().out
    # Nothing can be compared yet, so nobody asks for the others' pages a second time.
    assert index.asked.count("/simple/pip/") == 1


def test_look_alike_needs_yes_without_a_terminal(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = snapshot(project)
    capsys.readouterr()
    assert vendor(project, "add", "reqeusts>=1") == 2
    assert capsys.readouterr().err == (
        "reqeusts: is one letter away from requests, which is vendored\n"
        "  next: ve/bin/python -m vendor_fetch add 'reqeusts>=1' --yes  # if it is meant\n"
    )
    assert snapshot(project) == before
    assert vendor(project, "add", "reqeusts>=1", "--yes") == 0
    assert files(project) == [LOOK_ALIKE, REQUESTS]
    # It is in the lock now.
    assert vendor(project, "add", "reqeusts") == 0


def test_name_in_apps_in_is_known_too(
    project: Path, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    make_project("requests", "fastapi")
    capsys.readouterr()
    assert vendor(project, "add", "fast-api") == 2
    assert capsys.readouterr().err.startswith(
        "fast-api: is one letter away from fastapi, which requirements/apps.in asks for\n"
    )


@pytest.mark.parametrize(
    ("answer", "status", "found"),
    [("y\n", 0, [LOOK_ALIKE, REQUESTS]), ("\n", 1, [REQUESTS]), ("\x04", 1, [REQUESTS])],
)
def test_terminal_gets_a_question(
    answer: str, status: int, found: list[str], project: Path
) -> None:
    controller, terminal = pty.openpty()
    os.write(controller, answer.encode())
    run = subprocess.run(
        [sys.executable, "-m", "vendor_fetch", "--project", project, "add", "reqeusts"],
        cwd=REPOSITORY,
        stdin=terminal,
        capture_output=True,
        text=True,
        timeout=60,
    )
    for descriptor in (controller, terminal):
        os.close(descriptor)
    assert run.stdout.startswith(QUESTION)
    assert run.returncode == status
    assert files(project) == found


def test_package_of_an_address_is_not_looked_up(
    project: Path, index: Index, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = make_wheel(tmp_path / "files", "inhouse")
    capsys.readouterr()
    assert vendor(project, "add", f"inhouse @ {wheel.as_uri()}") == 0
    assert "new here" not in capsys.readouterr().out
    assert not [path for path in index.asked if "inhouse" in path]
