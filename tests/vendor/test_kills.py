"""A killed `add`, `remove` or `upgrade` has changed everything or nothing."""

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
from tests.support.index import Index
from tests.support.wheels import make_wheel
from tests.vendor.conftest import MakeProject, vendor
from tests.vendor.test_staging import content
from vendor_fetch.project.project import BESIDE


@pytest.fixture
def project(index: Index, make_project: MakeProject) -> Path:
    """tiny 1.0 and gone, which needs deep, are vendored; the index has tiny 2.0 and extra."""
    make_wheel(index.directory, "gone", requires=["deep"])
    for name, version in (("tiny", "1.0"), ("deep", "1.0"), ("extra", "1.0")):
        make_wheel(index.directory, name, version)
    made = make_project("tiny  # small", "gone")
    assert vendor(made) == 0
    (made / "requirements/src/README").write_text("ours\n")
    make_wheel(index.directory, "tiny", "2.0", requires=["extra"])
    return made


@pytest.mark.parametrize("words", [("add", "extra"), ("remove", "gone"), ("upgrade", "tiny")])
def test_fifty_kills_leave_the_old_or_the_new(words: tuple[str, str], project: Path) -> None:
    before = content(project)
    saved = project.parent / "saved"
    shutil.copytree(project, saved)
    started = time.monotonic()
    assert start(project, words).wait() == 0
    longest = time.monotonic() - started
    after = content(project)
    assert after != before
    chance = random.Random(1)
    seen = set()
    for number in range(50):
        shutil.rmtree(project)
        shutil.copytree(saved, project)
        run = start(project, words)
        if number % 5:
            time.sleep(chance.uniform(0.05, longest))
        else:
            # The files are getting their names: a moment that is too short to hit by chance.
            while run.poll() is None and not (project / BESIDE / "journal").exists():
                time.sleep(0.0002)
        with suppress(ProcessLookupError):  # it has ended by itself
            os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        # The next command recovers, and has nothing else to do.
        assert vendor(project) == 0
        found = content(project)
        assert found in (before, after)
        seen.add(found == after)
        assert vendor(project, "check") == 0
    assert seen == {False, True}


def start(project: Path, words: tuple[str, str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "vendor_fetch", "--project", project, *words],
        cwd=REPOSITORY,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
