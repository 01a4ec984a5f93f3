"""Rolf's own tests, in its own ve, and its settings for production."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.postgresql import INITDB, postgresql
from tests.support.rolf_home import environment

TOOLS = Path(sys.executable).parent  # moto_server, for the tests of S3-compatible stores


def in_rolf(project: Path, *words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    run = subprocess.run(
        words,
        cwd=project,
        env=environment() | {"PATH": f"{TOOLS}:{os.environ['PATH']}"} | variables,
        text=True,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    print(run.stdout)
    return run


@pytest.mark.timeout(1800)
def test_rolfs_own_tests_pass(rolf_project: Path) -> None:
    run = in_rolf(rolf_project, "ve/bin/python", "-W", "error", "manage.py", "test")
    assert run.returncode == 0, run.stdout[-5000:]
    assert "\nOK" in run.stdout


@pytest.mark.needs(INITDB)
@pytest.mark.timeout(1800)
def test_rolfs_own_tests_pass_on_postgresql(rolf_project: Path) -> None:
    with postgresql() as server:
        database = server.url("rolf")
        tests = ("ve/bin/python", "-W", "error", "manage.py", "test")
        run = in_rolf(rolf_project, *tests, TEST_DATABASE_URL=database)
    assert run.returncode == 0, run.stdout[-5000:]
    assert "\nOK" in run.stdout


def test_its_settings_are_fit_for_production_and_no_migration_is_missing(
    rolf_project: Path,
) -> None:
    run = in_rolf(rolf_project, "make", "-s", "check")
    assert run.returncode == 0, run.stdout[-5000:]
