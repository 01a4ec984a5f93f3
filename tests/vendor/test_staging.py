"""The locks and the vendored files change together, whatever interrupts the change."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.support.index import Index
from tests.support.wheels import make_wheel
from tests.vendor.conftest import MakeProject, files, vendor
from vendor_fetch.project.project import BESIDE
from vendor_fetch.sync import staging
from vendor_fetch.sync.staging import recover

CALLS = ("replace", "unlink", "write_file", "_sync_directory")


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def project(index: Index, make_project: MakeProject) -> Path:
    """tiny 1.0 and gone are vendored; requirements/apps.in asks for tiny 2.0 and new."""
    for name, version in (("tiny", "1.0"), ("gone", "1.0")):
        make_wheel(index.directory, name, version)
    made = make_project("tiny", "gone")
    assert vendor(made) == 0
    (made / "requirements/src/README").write_text("ours\n")
    make_wheel(made / "requirements/src", "own")
    for name, version in (("tiny", "2.0"), ("new", "1.0")):
        make_wheel(index.directory, name, version)
    make_project("tiny>=2", "new", "./requirements/src/own-1.0-py3-none-any.whl")
    return made


def content(project: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(project)): path.read_bytes()
        for path in (project / "requirements").rglob("*")
        if path.is_file()
    }


def test_change_is_complete_or_nothing_at_every_step(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = content(project)
    saved = project.parent / "saved"
    shutil.copytree(project, saved)
    assert vendor(project) == 0
    after = content(project)
    assert after != before
    steps = 0
    while True:
        shutil.rmtree(project)
        shutil.copytree(saved, project)
        if not kill_at(steps, project, monkeypatch):
            break
        recover(project)
        assert content(project) in (before, after), steps
        assert vendor(project) == 0
        assert content(project) == after
        steps += 1
    # Three files, two locks, one removed file, the journal, and the directories.
    assert steps > 10


def kill_at(step: int, project: Path, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Run a sync that ends at a step of the commit, as if it was killed. Return whether it did."""
    left, running = step, False

    def count(function: object) -> object:
        def run(*args: object, **options: object) -> object:
            nonlocal left
            if running:
                if left == 0:
                    raise Killed
                left -= 1
            return function(*args, **options)  # type: ignore[operator]

        return run

    def start(change: staging.Staging) -> None:
        nonlocal running
        running = True
        commit(change)
        running = False

    commit = staging.Staging.commit
    with monkeypatch.context() as patched:
        patched.setattr(staging.Staging, "commit", start)
        patched.setattr(staging.shutil, "rmtree", lambda *_, **__: None)
        for name in ("replace", "unlink"):
            patched.setattr(Path, name, count(getattr(Path, name)))
        for name in ("write_file", "_sync_directory"):
            patched.setattr(staging, name, count(getattr(staging, name)))
        try:
            vendor(project)
        except Killed:
            running = False
            return True
    return False


def test_failed_sync_leaves_every_byte(project: Path, index: Index) -> None:
    index.corrupt.add("new-1.0-py3-none-any.whl")
    before = content(project)
    assert vendor(project) == 1
    assert content(project) == before


def test_users_files_stay(project: Path) -> None:
    assert vendor(project) == 0
    assert (project / "requirements/src/README").read_text() == "ours\n"
    assert "own-1.0-py3-none-any.whl" in files(project)
    assert not (project / BESIDE).exists()


def test_fifty_kills_leave_the_old_or_the_new(project: Path, index: Index) -> None:
    before = content(project)
    saved = project.parent / "saved"
    shutil.copytree(project, saved)
    assert vendor(project) == 0
    after = content(project)
    chance = random.Random(1)
    seen = set()
    for _ in range(50):
        shutil.rmtree(project)
        shutil.copytree(saved, project)
        run = subprocess.Popen(
            [sys.executable, "-m", "vendor_fetch", "--project", project],
            cwd=REPOSITORY,
            env=dict(os.environ),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(chance.uniform(0.05, 1.0))
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        recover(project)
        found = content(project)
        assert found in (before, after)
        seen.add(found == after)
        assert vendor(project, "check") == (0 if found == after else 1)
    assert False in seen
