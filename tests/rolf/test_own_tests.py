"""Rolf's own tests, in its own ve, and its settings for production."""

import subprocess
from pathlib import Path

from tests.support.rolf_home import environment


def in_rolf(project: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    run = subprocess.run(
        words,
        cwd=project,
        env=environment(),
        text=True,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    print(run.stdout)
    return run


def test_rolfs_own_tests_pass(rolf_project: Path) -> None:
    run = in_rolf(rolf_project, "ve/bin/python", "-W", "error", "manage.py", "test")
    assert run.returncode == 0, run.stdout[-5000:]
    assert "\nOK" in run.stdout


def test_its_settings_are_fit_for_production_and_no_migration_is_missing(
    rolf_project: Path,
) -> None:
    run = in_rolf(rolf_project, "make", "-s", "check")
    assert run.returncode == 0, run.stdout[-5000:]
