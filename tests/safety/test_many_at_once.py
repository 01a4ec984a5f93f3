"""Ten rebuilds of ten projects at once with one cold store, with and without a fault."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bootstrapper.ve.project import lockfile
from bootstrapper.ve.store.entry import Entry
from tests.conftest import bootstrap, replace_tiny, ve_bootstrapper, ve_version
from tests.support.figures import Figures
from tests.support.processes import wait_until_gone
from tests.support.wheels import lock_line, make_wheel

PROJECTS = 10
Run = "subprocess.Popen[str]"


@pytest.fixture
def projects(tiny_project: Path, tmp_path: Path, cold_store: Path) -> list[Path]:
    """Return ten projects that share all files but one; the store is cold."""
    replace_tiny(
        tiny_project,
        entry_points="[console_scripts]\ntiny = tiny:main\n",
        files={
            "tiny.py": "VERSION = '1.0'\ndef main() -> None:\n    print(VERSION)\n",
            **{
                f"many/module_{number}.py": "def f(x):\n    return [x, x + 1]\n" * 30
                for number in range(100)
            },
        },
    )
    made = []
    for number in range(PROJECTS):
        project = tmp_path / f"project {number}"
        shutil.copytree(tiny_project, project)
        own = make_wheel(project / lockfile.SOURCE, name=f"own{number}")
        with (project / lockfile.APPS).open("a") as lock:
            lock.write(lock_line(own))
        made.append(project)
    return made


def start(project: Path, prefix: tuple[str, ...] = ()) -> Run:
    return subprocess.Popen(
        [*prefix, sys.executable, "bootstrap.py"],
        cwd=project,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def ends(runs: list[Run]) -> list[tuple[int, str]]:
    output = [run.communicate(timeout=300)[1] for run in runs]
    return [(run.returncode, err) for run, err in zip(runs, output, strict=True)]


def damaged(store: Path) -> list[Path]:
    found = []
    for place in store.glob("*/cpython-*/*"):
        try:
            Entry(place)
        except (OSError, ValueError):
            found.append(place)
    return found


def whole(projects: list[Path], store: Path) -> bool:
    """Return whether each virtualenv works and matches the lock, and whether the store is complete."""
    for project in projects:
        assert ve_version(project) == "1.0"
        check = ve_bootstrapper(project, "check")
        assert check.returncode == 0, check.stdout
        assert not list(project.glob(".ve*"))
    return not damaged(store) and not list(store.glob("*/unfinished/*"))


def test_ten_rebuilds_at_once(projects: list[Path], cold_store: Path, figures: Figures) -> None:
    row = figures.row(
        5,
        "ten rebuilds of ten projects at once, one cold store",
        "all succeed, `check` finds nothing, no entry of the store is damaged",
    )
    for _ in range(figures.tries(1, 5)):
        shutil.rmtree(cold_store, ignore_errors=True)
        row.tried += PROJECTS
        assert ends([start(project) for project in projects]) == [(0, "")] * PROJECTS
        assert whole(projects, cold_store)
        row.survived += PROJECTS


def test_ten_rebuilds_at_once_one_killed(
    projects: list[Path], cold_store: Path, figures: Figures
) -> None:
    row = figures.row(
        6,
        "the same, with SIGKILL for one of the ten",
        "nine succeed, the next rebuild of the tenth succeeds, no entry is damaged",
    )
    chance = random.Random("one of ten")
    begin = time.monotonic()
    assert ends([start(project) for project in projects]) == [(0, "")] * PROJECTS
    seconds = time.monotonic() - begin
    for _ in range(figures.tries(1, 5)):
        shutil.rmtree(cold_store)
        row.tried += PROJECTS
        runs = [start(project) for project in projects]
        time.sleep(chance.uniform(0, seconds))
        victim = chance.choice(runs)
        os.killpg(victim.pid, signal.SIGKILL)
        results = ends(runs)
        for project, run, result in zip(projects, runs, results, strict=True):
            if run is victim:
                assert ve_version(project) == "1.0"
                assert bootstrap(project).returncode == 0
            else:
                assert result == (0, "")
        wait_until_gone(victim.pid)
        assert bootstrap(projects[0]).returncode == 0
        assert whole(projects, cold_store)
        row.survived += PROJECTS


@pytest.mark.needs("unshare", "mount")
@pytest.mark.skipif(os.getuid() != 0, reason="only root may mount a small disk")
def test_ten_rebuilds_at_once_disk_full(
    projects: list[Path], cold_store: Path, figures: Figures
) -> None:
    row = figures.row(
        7,
        "the same, the store on a disk that gets full",
        "each succeeds or says that the disk is full; virtualenvs and entries are "
        "complete; with room again, all succeed",
    )
    assert ends([start(project) for project in projects]) == [(0, "")] * PROJECTS
    needed = sum(path.lstat().st_blocks * 512 for path in cold_store.rglob("*"))
    chance = random.Random("full")
    for _ in range(figures.tries(1, 5)):
        row.tried += PROJECTS
        # One mount namespace for all ten; a sleeping process keeps it.
        holder = subprocess.Popen(
            [
                "unshare",
                "--mount",
                "sh",
                "-c",
                'mount -t tmpfs -o "size=$1" tmpfs "$2" && echo mounted && exec sleep 600',
                "sh",
                str(int(needed * chance.uniform(0.1, 0.9))),
                cold_store,
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert holder.stdout and holder.stdout.readline() == "mounted\n"
            inside = Path(f"/proc/{holder.pid}/root{cold_store}")
            runs = [
                start(
                    project, ("nsenter", f"--mount=/proc/{holder.pid}/ns/mnt", f"--wdns={project}")
                )
                for project in projects
            ]
            for status, output in ends(runs):
                assert status in (0, 1), output
                if status:
                    assert "the disk is full" in output, output
                    assert output.count("\n  next: ") == 1
                    row.note("reported the full disk")
                else:
                    row.note("went through")
            assert all(ve_version(project) == "1.0" for project in projects)
            assert not damaged(inside)
        finally:
            holder.kill()
            holder.communicate()
        assert ends([start(project) for project in projects]) == [(0, "")] * PROJECTS
        assert whole(projects, cold_store)
        row.survived += PROJECTS
