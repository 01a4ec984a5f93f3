"""The command line works without the calls that only Linux has, as on macOS."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from bootstrapper.ve.system import directories
from tests.conftest import replace_tiny, ve_version
from tests.support.missing_calls import KILL_AFTER_RENAME
from tests.support.shop import HERE, Shop, open_shop
from tests.support.without_linux import OtherSystem, other_system

Run = subprocess.CompletedProcess[str]


@pytest.fixture
def system(tmp_path: Path) -> OtherSystem:
    return other_system(tmp_path / "other system")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A shop whose deployment has this machine as its target."""
    made = open_shop(tmp_path)
    made.define(settings=HERE)
    return made


def rebuild(system: OtherSystem, project: Path, **variables: str) -> Run:
    return system.run(system.python, "bootstrap.py", cwd=project, **variables)


def bootstrapper(system: OtherSystem, project: Path, *words: str, **variables: str) -> Run:
    return system.run(system.python, "-m", "bootstrapper", *words, cwd=project, **variables)


def test_the_calls_are_switched_off(system: OtherSystem, tmp_path: Path) -> None:
    code = (
        "import ctypes, os, select, signal\n"
        "assert not hasattr(os, 'pidfd_open') and not hasattr(select, 'epoll')\n"
        "assert not hasattr(ctypes.CDLL(None), 'renameat2')\n"
        "assert os.listdir('/proc') == ['self'] and os.listdir('/proc/self') == ['fd']\n"
        "assert ctypes.CDLL(None, use_errno=True).syscall(434, os.getpid(), 0) == -1\n"
        "print(os.strerror(ctypes.get_errno()))\n"
    )
    run = system.run(system.python, "-I", "-c", code, cwd=tmp_path)
    assert (run.stdout, run.stderr) == ("Function not implemented\n", "")


def test_rebuild_and_check(system: OtherSystem, tiny_project: Path) -> None:
    for version in ("1.0", "2.0"):
        run = rebuild(system, tiny_project)
        assert run.returncode == 0, run.stderr
        assert ve_version(tiny_project) == version
        run = bootstrapper(system, tiny_project, "check")
        assert (run.returncode, run.stderr) == (0, "")
        replace_tiny(
            tiny_project,
            files={"tiny.py": "VERSION = '2.0'\ndef main() -> None:\n    print(VERSION)\n"},
            entry_points="[console_scripts]\ntiny = tiny:main\n",
        )
    assert not list(tiny_project.glob(".ve*"))


def test_check_finds_an_edited_file(system: OtherSystem, built_project: Path) -> None:
    [edited] = built_project.glob("ve/lib/python*/site-packages/tiny.py")
    edited.unlink()
    edited.write_text("VERSION = 'edited'\n")
    run = bootstrapper(system, built_project, "check")
    assert run.returncode == 1
    assert "tiny.py" in run.stdout


def test_store_is_shown_and_pruned(
    system: OtherSystem, tiny_project: Path, cold_store: Path
) -> None:
    assert rebuild(system, tiny_project).returncode == 0
    run = bootstrapper(system, tiny_project, "store", "info", "--json")
    assert json.loads(run.stdout)["path"] == str(cold_store)
    assert json.loads(run.stdout)["items"] > 1
    run = bootstrapper(system, tiny_project, "store", "prune", "--days", "0")
    assert run.returncode == 0, run.stderr
    assert run.stdout.endswith("0.0 MB remain\n")
    assert ve_version(tiny_project) == "1.0"


def test_kill_between_the_two_renames_is_repaired(system: OtherSystem, tiny_project: Path) -> None:
    """Without an exchange there is an instant without a virtualenv; the next rebuild ends it."""
    assert rebuild(system, tiny_project).returncode == 0
    run = rebuild(system, tiny_project, **{KILL_AFTER_RENAME: "ve"})
    assert run.returncode == -signal.SIGKILL
    assert not (tiny_project / "ve").exists()
    assert (tiny_project / ".ve.old/bin/python").exists()
    run = rebuild(system, tiny_project)
    assert run.returncode == 0, run.stderr
    assert ve_version(tiny_project) == "1.0"
    assert not list(tiny_project.glob(".ve*"))


def test_kills_at_any_time_are_repaired(system: OtherSystem, tiny_project: Path) -> None:
    begin = time.monotonic()
    assert rebuild(system, tiny_project).returncode == 0
    whole = time.monotonic() - begin
    for instant in range(6):
        process = system.start(system.python, "bootstrap.py", cwd=tiny_project)
        try:
            process.communicate(timeout=whole * (instant + 0.5) / 6)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        if not (tiny_project / "ve").exists():
            assert (tiny_project / ".ve.old").exists()
        else:
            assert ve_version(tiny_project) == "1.0"
    assert rebuild(system, tiny_project).returncode == 0
    assert ve_version(tiny_project) == "1.0"
    assert not list(tiny_project.glob(".ve*"))


def test_two_rebuilds_take_turns(system: OtherSystem, tiny_project: Path) -> None:
    runs = [system.start(system.python, "bootstrap.py", cwd=tiny_project) for _ in range(2)]
    for run in runs:
        _, errors = run.communicate(timeout=120)
        assert run.returncode == 0, errors
    assert ve_version(tiny_project) == "1.0"
    assert not list(tiny_project.glob(".ve*"))


def test_deploy_to_this_machine_and_roll_back(system: OtherSystem, shop: Shop) -> None:
    for page in ("two", "three"):
        shop.commit(page)
        run = bootstrapper(system, shop.project, "deploy", "-m", page)
        assert run.returncode == 0, run.stdout + run.stderr
        assert shop.page() == page
    run = bootstrapper(system, shop.project, "rollback")
    assert run.returncode == 0, run.stdout + run.stderr
    assert shop.page() == "two"
    run = bootstrapper(system, shop.project, "pushes", "--json")
    assert [push["state"] for push in json.loads(run.stdout)] == ["succeeded"] * 3


def test_second_push_is_refused_and_the_first_cancelled(system: OtherSystem, shop: Shop) -> None:
    shop.define(stages=["wait"], settings=HERE)
    shop.recipe("wait.sh", "# Waits.\n#\n# needs: REMOTE_HOST\necho $$\nsleep 60 & sleep 60\n")
    shop.commit("two")
    first = system.start(system.python, "-m", "bootstrapper", "deploy", cwd=shop.project)
    log = shop.project / ".deploy/pushes/1/output.log"
    end = time.monotonic() + 30
    while not (log.exists() and log.read_text().strip()):
        assert time.monotonic() < end
        assert first.poll() is None
        time.sleep(0.05)
    second = bootstrapper(system, shop.project, "deploy")
    assert second.returncode == 3, second.stderr
    # Another clone of the project has a lock of its own; the target's lock counts there.
    other = shop.project.with_name("other clone")
    subprocess.run(["git", "clone", "-q", shop.repository, other], check=True)
    third = bootstrapper(system, other, "deploy")
    assert third.returncode == 3, third.stderr
    run = bootstrapper(system, shop.project, "cancel")
    assert run.returncode == 0, run.stderr
    first.communicate(timeout=60)
    group = int(log.read_text().split()[-1])
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)
    assert shop.record(1)["state"] == "cancelled"


def test_stage_leaves_no_process(system: OtherSystem, shop: Shop) -> None:
    shop.define(stages=["leave"], settings=HERE)
    shop.recipe("leave.sh", "# Leaves one.\n#\n# needs: REMOTE_HOST\necho $$\nsleep 60 &\n")
    shop.commit("two")
    run = bootstrapper(system, shop.project, "deploy")
    assert run.returncode == 0, run.stderr
    assert "left behind by the stage, and ended" in run.stdout
    with pytest.raises(ProcessLookupError):
        os.killpg(int(shop.log(1).split()[-1]), 0)


def test_killed_push_leaves_no_lock(system: OtherSystem, shop: Shop) -> None:
    shop.define(stages=["die"], settings=HERE)
    shop.recipe("die.sh", "# Kills the push.\n#\n# needs: REMOTE_HOST\nsleep 60\n")
    shop.commit("two")
    first = system.start(system.python, "-m", "bootstrapper", "deploy", cwd=shop.project)
    while not (shop.project / ".deploy/pushes/1/events.jsonl").exists():
        assert first.poll() is None
        time.sleep(0.05)
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    shop.define(settings=HERE)
    shop.commit("three")
    end = time.monotonic() + 45
    while (run := bootstrapper(system, shop.project, "deploy")).returncode == 3:
        assert time.monotonic() < end
    assert run.returncode == 0, run.stdout + run.stderr
    assert shop.page() == "three"


class _MacLibrary:
    """The C library of macOS: `renamex_np` with RENAME_SWAP does what Linux's renameat2 does."""

    def __init__(self, real: object) -> None:
        self._renameat2 = real.renameat2  # type: ignore[attr-defined]

    def renamex_np(self, one: bytes, other: bytes, flags: int) -> int:
        assert flags == 2  # sys/stdio.h
        return int(self._renameat2(-100, one, -100, other, 2))


def test_exchange_by_the_call_of_macos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = _MacLibrary(directories.ctypes.CDLL(None, use_errno=True))
    monkeypatch.setattr(directories.ctypes, "CDLL", lambda *_, **__: library)
    new, place = tmp_path / "new", tmp_path / "ve"
    for directory in (new, place):
        directory.mkdir()
        (directory / directory.name).touch()
    assert directories.exchange_directories(new, place, tmp_path / "aside") == new
    assert [path.name for path in (*place.iterdir(), *new.iterdir())] == ["new", "ve"]
    assert not (tmp_path / "aside").exists()
    # The same errors.
    with pytest.raises(OSError, match=r"No such file or directory: .*ve"):
        directories.exchange_directories(tmp_path / "gone", place, tmp_path / "aside")
