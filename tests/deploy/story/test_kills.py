"""The deploying process is killed in each stage in turn; the next push needs no unlocking."""

import os
import signal
import subprocess

import pytest

from bootstrapper.deploy.definition import reader
from tests.deploy.story.conftest import DOMAIN
from tests.support import apache
from tests.support.ssh_server import SSHD
from tests.support.visitors import visitors
from tests.support.working_copy import WorkingCopy

pytestmark = pytest.mark.needs(apache.APACHE, SSHD, "git", "rsync", "unshare")


def kill_in(stage: str, project: WorkingCopy) -> None:
    """Start a push, and end it by SIGKILL when it says that it has come to the stage."""
    quick = () if stage == "unit-tests" else ("--flag", "SKIP_TESTS")
    process = subprocess.Popen(
        project.command("deploy", "-m", f"killed in {stage}", *quick),
        text=True,
        cwd=project.directory,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdout
    printed = []
    for line in process.stdout:
        printed.append(line)
        if line.startswith(f"{stage} ..."):
            os.kill(process.pid, signal.SIGKILL)
            break
    process.stdout.close()
    assert process.wait() == -signal.SIGKILL, "".join(printed)


def test_after_a_kill_in_any_stage_the_next_push_starts_at_once(
    serving: apache.Apache, project: WorkingCopy
) -> None:
    stages = [
        stage.name for stage in reader.read(project.directory).deployment("production").stages
    ]
    with visitors(serving, DOMAIN) as visits:
        for stage in stages:
            kill_in(stage, project)
        project.show("Alive")
        project.does("deploy", "-m", "after all kills")
    assert "Alive" in serving.get("/", host=DOMAIN).text
    last, *killed = project.pushes()[: len(stages) + 1]
    assert last["state"] == "succeeded"
    assert [push["state"] for push in killed] == ["lost"] * len(stages)
    assert [push["comment"] for push in reversed(killed)] == [
        f"killed in {stage}" for stage in stages
    ]
    assert set(visits.statuses) == {200}, visits
