"""`store info` and `store prune`."""

import fcntl
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bootstrapper.ve.store.home import FORMAT
from tests.conftest import bootstrap, ve_version

DAY = 86400


def store(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "bootstrapper", "store", *words],
        capture_output=True,
        text=True,
        check=False,
    )


def info() -> dict[str, int]:
    run = store("info", "--json")
    assert run.returncode == 0, run.stderr
    answer: dict[str, int] = json.loads(run.stdout)
    return answer


def test_info_of_an_empty_store(cold_store: Path) -> None:
    assert info() == {"path": str(cold_store), "items": 0, "files": 0, "size": 0, "saved": 0}


def test_info_counts_shared_disk_space(
    cold_store: Path, tiny_project: Path, tmp_path: Path
) -> None:
    assert bootstrap(tiny_project).returncode == 0
    first = info()
    assert first["items"] == 2
    assert first["saved"] == 0
    copies = []
    for number in range(4):
        copies.append(tmp_path / f"copy{number}")
        subprocess.run(["cp", "-a", tiny_project, copies[-1]], check=True)
        assert bootstrap(copies[-1]).returncode == 0
    then = info()
    assert then["size"] == first["size"]
    linked = sum(
        path.stat().st_size
        for path in (copies[0] / "ve").rglob("*")
        if path.is_file() and path.stat().st_nlink > 1
    )
    assert then["saved"] == linked * 4
    assert "saved" in store("info").stdout


def test_prune_removes_unused_entries_only(cold_store: Path, built_project: Path) -> None:
    assert store("prune").stdout.startswith("removed 0 of 2 entries")
    (old,) = cold_store.glob("*/cpython-*/*/tree/lib/python*/site-packages/tiny.py")
    entry = old.parents[4]
    os.utime(entry, (time.time() - 31 * DAY,) * 2)
    assert store("prune").stdout.startswith("removed 1 of 2 entries, unused for 30")
    assert not entry.exists()
    assert ve_version(built_project) == "1.0"
    assert bootstrap(built_project).returncode == 0
    assert entry.exists()


def test_rebuild_counts_as_use(cold_store: Path, built_project: Path) -> None:
    for place in cold_store.glob("*/*/*"):
        os.utime(place, (time.time() - 31 * DAY,) * 2)
    assert bootstrap(built_project).returncode == 0
    assert store("prune").stdout.startswith("removed 0 of 2 entries")


def test_prune_waits_for_a_rebuild(cold_store: Path, built_project: Path) -> None:
    handle = os.open(cold_store / FORMAT, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_SH)
    pruning = subprocess.Popen(
        [sys.executable, "-m", "bootstrapper", "store", "prune", "--days", "0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    with pytest.raises(subprocess.TimeoutExpired):
        pruning.wait(timeout=1)
    os.close(handle)
    output, _ = pruning.communicate(timeout=30)
    assert output.startswith("removed 2 of 2 entries")


def test_unwritable_store_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOTSTRAP_STORE", "/proc/store")
    run = store("info")
    assert run.returncode == 1
    assert run.stderr.startswith("bootstrapper: /proc/store")
    assert "\n  next: " in run.stderr


def test_empty_virtualenv_is_created_once(
    cold_store: Path, tiny_project: Path, tmp_path: Path
) -> None:
    """The path has no space: only such a virtualenv can be copied to another path."""
    project = tiny_project.rename(tmp_path / "first")
    plain = tmp_path / "store"
    environment = {**os.environ, "BOOTSTRAP_STORE": str(plain)}
    for name in ("first", "second"):
        project = project.rename(tmp_path / name)
        subprocess.run(
            [sys.executable, "bootstrap.py", "-q"], cwd=project, env=environment, check=True
        )
        (kept,) = plain.glob("*/bare/*")
        output = subprocess.run(
            ["bash", "-c", ". ve/bin/activate; tiny; echo $VIRTUAL_ENV $PS1"],
            cwd=project,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert output.split() == ["1.0", str(project / "ve"), f"({name})"]
        for path in (project / "ve").rglob("*"):
            if path.is_file() and not path.is_symlink():
                assert os.fsencode(kept) not in path.read_bytes(), path
