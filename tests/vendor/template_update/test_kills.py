"""A killed `template-update` or `self-upgrade` has changed everything or nothing."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.vendor.conftest import vendor
from tests.vendor.template_update.conftest import Files, Template, files, git
from vendor_fetch.project.project import BESIDE

pytestmark = pytest.mark.safety


def start(project: Path, command: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "vendor_fetch", "--project", project, command],
        cwd=REPOSITORY,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def state(project: Path) -> tuple[Files, str, str]:
    """The files, the tree of the branch's last commit, and what git sees as changed."""
    tree = git(project, "rev-parse", "HEAD^{tree}")
    return files(project), tree, git(project, "status", "--porcelain")


@pytest.mark.parametrize("command", ["template-update", "self-upgrade"])
def test_fifty_kills_leave_the_old_or_the_new(
    command: str, template: Template, project: Path
) -> None:
    template.edit("site/views.py", "line 3\n", "line three\n")
    template.write("bootstrap.py", "#!/usr/bin/env python3\n# two\n")
    template.write("site/urls.py", "urls\n")
    (template.files / "site/models.py").unlink()
    template.release("v2")
    before, saved = state(project), project.parent / "saved"
    shutil.copytree(project, saved)
    started = time.monotonic()
    assert start(project, command).wait() == 0
    longest = time.monotonic() - started
    after = state(project)
    assert after != before
    chance = random.Random(1)
    seen = set()
    for number in range(50):
        shutil.rmtree(project)
        shutil.copytree(saved, project)
        run = start(project, command)
        if number % 3:
            time.sleep(chance.uniform(0.05, longest))
        else:
            # The files are getting their names: a moment that is too short to hit by chance.
            while run.poll() is None and not (project / BESIDE / "journal").exists():
                time.sleep(0.0002)
            time.sleep(chance.uniform(0, 0.01))
        with suppress(ProcessLookupError):  # it has ended by itself
            os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        # The next command recovers, and has nothing else to do.
        assert vendor(project) == 0
        found = state(project)
        assert found in (before, after)
        seen.add(found == after)
        assert vendor(project, "check") == 0
    assert seen == {False, True}
    # What a killed run has left beside does not hinder the next.
    assert start(project, command).wait() == 0
    assert state(project) == after
