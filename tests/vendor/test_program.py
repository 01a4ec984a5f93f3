"""The commands in messages can be pasted: they begin as the user called vendor_fetch."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from vendor_fetch.program import project_option


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a wrong line in apps.in, and its own Pythons: one with uv, one without."""
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements/apps.in").write_text("tiny is nice\n")
    for name in (".tools", "a ve"):
        (tmp_path / name / "bin").mkdir(parents=True)
        (tmp_path / name / "bin/python").symlink_to(sys.executable)
    (tmp_path / "lib/uv").mkdir(parents=True)
    (tmp_path / "lib/uv/__init__.py").touch()
    return tmp_path


def last_line(project: Path, *command: str, with_uv: bool = True, make: bool = False) -> str:
    """Return the last line that a command prints."""
    paths = [str(REPOSITORY), *([str(project / "lib")] if with_uv else [])]
    run = subprocess.run(
        command,
        cwd=project,
        env={"PYTHONPATH": ":".join(paths), **({"MAKELEVEL": "1"} if make else {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return (run.stdout + run.stderr).splitlines()[-1]


def test_next_command_begins_with_the_typed_python(project: Path) -> None:
    printed = last_line(project, "a ve/bin/python", "-S", "-m", "vendor_fetch", "check")
    assert printed == (
        "  next: ${EDITOR:-vi} requirements/apps.in  # correct line 1, then: "
        "'a ve/bin/python' -S -m vendor_fetch sync"
    )


def test_next_command_names_the_project(project: Path, tmp_path: Path) -> None:
    words = ("-S", "-m", "vendor_fetch", "--project", str(project), "check")
    printed = last_line(project, ".tools/bin/python", *words)
    assert printed.startswith(f"  next: ${{EDITOR:-vi}} {project}/requirements/apps.in  # ")
    assert printed.endswith(f"-m vendor_fetch --project {project} sync")


@pytest.mark.parametrize(
    ("with_uv", "make"), [(True, True), (False, False)], ids=["called by make", "without uv"]
)
def test_next_command_is_make_vendor(with_uv: bool, make: bool, project: Path) -> None:
    (project / "Makefile").write_text("vendor: .tools/complete\n")
    command = (".tools/bin/python", "-S", "-m", "vendor_fetch", "check")
    assert last_line(project, *command, with_uv=with_uv, make=make).endswith("then: make vendor")


def test_make_without_the_target_is_not_named(project: Path) -> None:
    (project / "Makefile").write_text("all:\n")
    command = (".tools/bin/python", "-S", "-m", "vendor_fetch", "check")
    assert last_line(project, *command, make=True).endswith("-m vendor_fetch sync")


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["--project", "a b", "check"], ["--project", "a b"]),
        (["check", "--project=x"], ["--project=x"]),
        (["check"], []),
    ],
)
def test_project_option_is_found(arguments: list[str], option: list[str]) -> None:
    assert project_option(arguments) == option
