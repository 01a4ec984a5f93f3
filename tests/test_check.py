"""`python -m bootstrapper check` lists every difference between ve, vendored files and lock."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bootstrapper.ve import lockfile
from tests.wheels import lock_line, make_wheel


def check(project: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-m", "bootstrapper", "check", *options], cwd=project,
                          capture_output=True, text=True, check=False)


def differences(project: Path) -> list[str]:
    run = check(project, "-q")
    assert run.returncode == (1 if run.stdout else 0), run.stderr
    return run.stdout.splitlines()


@pytest.fixture
def site(built_project: Path) -> Path:
    return next((built_project / "ve/lib").glob("python*/site-packages"))


def test_a_fresh_ve_has_no_difference(built_project: Path) -> None:
    run = check(built_project)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.splitlines()[-1] == "ve/ and vendored files are what the lock says"


def test_running_the_ve_makes_no_difference(built_project: Path) -> None:
    subprocess.run([built_project / "ve/bin/python", "-c", "import tiny"], check=True)
    assert differences(built_project) == []


def test_bytecode_that_was_changed_is_told(built_project: Path, site: Path) -> None:
    (compiled,) = (site / "__pycache__").glob("tiny.*.pyc")
    compiled.chmod(0o644)
    content = compiled.read_bytes()
    compiled.write_bytes(content.replace(b"1.0", b"6.6"))
    assert compiled.read_bytes() != content
    assert differences(built_project) == [
        f"ve/lib/{site.parent.name}/site-packages/tiny-1.0.dist-info: "
        "its bytecode is not what was installed"]


def test_every_changed_missing_and_extra_file_is_listed(built_project: Path, site: Path) -> None:
    module = site / "tiny.py"
    os.chmod(module, 0o644)
    module.write_text("VERSION = 'patched'\n")
    (site / "tiny-1.0.dist-info/METADATA").unlink()
    (site / "debug.py").write_text("")
    (built_project / "ve/bin/extra").write_text("")
    inside = f"ve/lib/{site.parent.name}/site-packages"
    assert differences(built_project) == [
        f"{inside}/tiny-1.0.dist-info/METADATA: missing",
        f"{inside}/tiny.py: changed",
        f"{inside}/debug.py: nothing in the lock brings it",
        "ve/bin/extra: nothing in the lock brings it",
    ]


def test_a_record_that_was_made_to_fit_is_seen(built_project: Path, site: Path) -> None:
    (site / "tiny.py").write_text("VERSION = 'patched'\n")
    record = site / "tiny-1.0.dist-info/RECORD"
    rows = [row if not row.startswith("tiny.py") else "tiny.py,,"
            for row in record.read_text().splitlines()]
    record.write_text("\n".join(rows))
    assert differences(built_project) == [
        f"ve/lib/{site.parent.name}/site-packages/tiny-1.0.dist-info/RECORD: changed"]


def test_vendored_files_are_held_against_the_lock(built_project: Path) -> None:
    source = built_project / lockfile.SOURCE
    (source / "tiny-1.0-py3-none-any.whl").write_bytes(b"other")
    make_wheel(source, "stray")
    pip = next(source.glob("pip-*.whl"))
    pip.unlink()
    stray, tiny, tool = differences(built_project)
    assert stray.startswith("requirements/src/stray-1.0-py3-none-any.whl: no line")
    assert tiny.startswith("requirements/src/tiny-1.0-py3-none-any.whl: its 5 bytes")
    assert tool.startswith(f"requirements/src/{pip.name}: the file is missing")


def test_a_lock_that_moved_on_is_seen(built_project: Path) -> None:
    source = built_project / lockfile.SOURCE
    (source / "tiny-1.0-py3-none-any.whl").unlink()
    new = make_wheel(source, version="2.0")
    ours = next(source.glob("bootstrapper-*.whl"))
    (built_project / lockfile.APPS).write_text(lock_line(ours) + lock_line(new))
    assert differences(built_project) == [
        "ve/: requirements/src/tiny-1.0-py3-none-any.whl is installed, the lock does not have it",
        "ve/: requirements/src/tiny-2.0-py3-none-any.whl is not installed"]


def test_other_bytes_under_the_same_name_are_seen(built_project: Path) -> None:
    source = built_project / lockfile.SOURCE
    new = make_wheel(source, files={"tiny.py": "VERSION = 'rebuilt'\n"})
    ours = next(source.glob("bootstrapper-*.whl"))
    (built_project / lockfile.APPS).write_text(lock_line(ours) + lock_line(new))
    assert differences(built_project) == [
        "ve/: requirements/src/tiny-1.0-py3-none-any.whl is installed from a file of other bytes"]


def test_no_ve_is_a_difference(tiny_project: Path) -> None:
    assert differences(tiny_project) == ["ve/: there is none, or no Python in it"]


def test_a_ve_that_somebody_else_made_is_a_difference(tiny_project: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tiny_project / "ve"],
                   check=True)
    assert differences(tiny_project) == [
        "ve/: it was not built by bootstrap.py, or not by this version"]


def test_a_bad_lock_is_named(built_project: Path) -> None:
    (built_project / lockfile.APPS).write_text("nonsense\n")
    run = check(built_project)
    assert run.returncode == 2
    assert "requirements/apps.txt line 1: " in run.stderr
