"""bootstrap.py runs the store's copy of the bootstrapper wheel if it is intact."""

import os
from pathlib import Path

import pytest

from tests.conftest import bootstrap


def import_lines(project: Path) -> str:
    """Return the lines of -v about the import of the rebuild module."""
    run = bootstrap(project, prefix=("env", "PYTHONVERBOSE=1"))
    assert run.returncode == 0, run.stderr
    return "\n".join(
        line
        for line in run.stderr.splitlines()
        if "rebuild.cpython" in line or "bootstrapper.ve.rebuild'" in line
    )


def ours(store: Path) -> Path:
    (found,) = store.glob("*/cpython-*/*/tree/lib/python*/site-packages/bootstrapper")
    return found


def test_start_from_bytecode_with_a_store(cold_store: Path, built_project: Path) -> None:
    assert f"{ours(cold_store)}/ve/__pycache__/rebuild." in import_lines(built_project)


def test_start_from_the_wheel_without_a_store(cold_store: Path, tiny_project: Path) -> None:
    assert "zipimporter" in import_lines(tiny_project)


@pytest.mark.parametrize("keeping_its_time", [False, True])
def test_edited_file_in_the_store_is_not_run(
    cold_store: Path, built_project: Path, keeping_its_time: bool
) -> None:
    module = ours(cold_store) / "ve/rebuild.py"
    before = module.stat()
    module.chmod(0o644)
    module.write_text(module.read_text() + "\nraise SystemExit('edited')\n")
    if keeping_its_time:
        os.utime(module, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert "zipimporter" in import_lines(built_project)
    assert "raise SystemExit('edited')" not in (ours(cold_store) / "ve/rebuild.py").read_text()


@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to be another user")
@pytest.mark.parametrize("above", [1, 2, 3])
def test_store_in_a_directory_of_another_user_is_not_run(
    cold_store: Path, built_project: Path, above: int
) -> None:
    """Its owner could replace the code after the check."""
    (entry,) = cold_store.glob("*/cpython-*/*/tree/lib/python*/site-packages/bootstrapper")
    os.chown(entry.parents[3 + above], 4242, -1)
    assert "zipimporter" in import_lines(built_project)
