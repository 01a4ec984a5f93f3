"""Several processes unpack wheels, and all of them exit."""

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bootstrapper.errors import WorkFailed
from bootstrapper.ve.python.interpreter import Interpreter, current_interpreter
from bootstrapper.ve.unpack import pool
from bootstrapper.ve.unpack.worker import UnpackTask
from tests.support.wheels import make_wheel


@pytest.fixture(params=["our own bytecode", "another's"])
def interpreter(request: pytest.FixtureRequest) -> Interpreter:
    """Return the running interpreter, for forks; and one with another name, which is started."""
    return (
        current_interpreter()
        if request.param == "our own bytecode"
        else replace(current_interpreter(), bytecode="another's")
    )


def task(directory: Path, wheel: Path) -> UnpackTask:
    return UnpackTask(
        wheel=os.fspath(wheel),
        name=wheel.name,
        site=current_interpreter().site,
        place=os.fspath(directory / f"entry-{wheel.name}"),
        version=sys.version_info[:2],
    )


def children() -> str:
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text()


@pytest.fixture(autouse=True)
def _no_process_is_left() -> Iterator[None]:
    """Other processes are shared by many tests, and may be older: servers and a browser."""
    before = children()
    yield
    assert children() == before


def test_pool_unpacks_every_wheel_and_exits(tmp_path: Path, interpreter: Interpreter) -> None:
    tasks = [task(tmp_path, make_wheel(tmp_path, f"tiny{number}")) for number in range(7)]
    done: list[UnpackTask] = []
    pool.unpack_all(tasks, interpreter, jobs=3, done=done.append)
    assert sorted(each.name for each in done) == [each.name for each in tasks]
    for number, each in enumerate(tasks):
        site = Path(each.place) / "tree" / current_interpreter().site
        assert (site / f"tiny{number}.py").read_text() == "VERSION = '1.0'\n"
        assert [path.name for path in site.glob("__pycache__/*")] == [
            f"tiny{number}.{sys.implementation.cache_tag}.pyc"
        ]


def test_refused_wheel_is_reported_and_pool_exits(tmp_path: Path, interpreter: Interpreter) -> None:
    wheels = [make_wheel(tmp_path, f"tiny{number}") for number in range(7)]
    wheels[3].write_bytes(b"not a zip")
    with pytest.raises(WorkFailed, match=r"tiny3.*zip archive"):
        pool.unpack_all(
            [task(tmp_path, wheel) for wheel in wheels], interpreter, jobs=2, done=lambda _: None
        )


def test_system_error_is_raised_unchanged(tmp_path: Path, interpreter: Interpreter) -> None:
    wanted = task(tmp_path, make_wheel(tmp_path))
    Path(wanted.place).mkdir()
    with pytest.raises(FileExistsError) as error:
        pool.unpack_all([wanted], interpreter, jobs=2, done=lambda _: None)
    assert error.value.filename == wanted.place


def test_interruption_leaves_no_process(tmp_path: Path, interpreter: Interpreter) -> None:
    def interrupt(_: UnpackTask) -> None:
        raise KeyboardInterrupt

    tasks = [task(tmp_path, make_wheel(tmp_path, f"tiny{number}")) for number in range(5)]
    with pytest.raises(KeyboardInterrupt):
        pool.unpack_all(tasks, interpreter, jobs=2, done=interrupt)
