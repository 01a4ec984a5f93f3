"""bootstrap.py runs what the store has of our wheel, as long as it is what the wheel has."""

import os
from pathlib import Path

import pytest

from tests.conftest import bootstrap


def told(project: Path) -> str:
    """From where a rebuild imported its own module."""
    run = bootstrap(project, prefix=("env", "PYTHONVERBOSE=1"))
    assert run.returncode == 0, run.stderr
    return "\n".join(line for line in run.stderr.splitlines()
                     if "rebuild.cpython" in line or "bootstrapper.ve.rebuild'" in line)


def ours(store: Path) -> Path:
    (found,) = store.glob("*/cpython-*/*/tree/lib/python*/site-packages/bootstrapper")
    return found


def test_start_from_bytecode_with_a_store(cold_store: Path, built_project: Path) -> None:
    assert f"{ours(cold_store)}/ve/__pycache__/rebuild." in told(built_project)


def test_start_from_the_wheel_without_a_store(cold_store: Path, tiny_project: Path) -> None:
    assert "zipimporter" in told(tiny_project)


@pytest.mark.parametrize("keeping_its_time", [False, True])
def test_edited_file_in_the_store_is_not_run(
        cold_store: Path, built_project: Path, keeping_its_time: bool) -> None:
    module = ours(cold_store) / "ve/rebuild.py"
    before = module.stat()
    module.chmod(0o644)
    module.write_text(module.read_text() + "\nraise SystemExit('edited')\n")
    if keeping_its_time:
        os.utime(module, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert "zipimporter" in told(built_project)
    assert "raise SystemExit('edited')" not in (ours(cold_store) / "ve/rebuild.py").read_text()
