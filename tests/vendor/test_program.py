"""The commands in messages can be pasted: they begin as the user called vendor_fetch."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.support.index import Index
from tests.support.wheels import make_wheel
from tests.vendor.conftest import MakeProject, vendor
from vendor_fetch.program import TYPED_VARIABLE, typed_command, without_project


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


def last_line(
    project: Path, *command: str, with_uv: bool = True, make: bool = False, directory: str = ""
) -> str:
    """Return the last line that a command prints."""
    paths = [str(REPOSITORY), *([str(project / "lib")] if with_uv else [])]
    run = subprocess.run(
        command,
        cwd=project / directory,
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


def test_next_command_runs_in_the_project(project: Path) -> None:
    (project / "else").mkdir()
    words = ("-S", "-m", "vendor_fetch", "--project", "..", "check")
    printed = last_line(project, "../a ve/bin/python", *words, directory="else")
    assert printed == (
        f"  next: cd {project} && ${{EDITOR:-vi}} requirements/apps.in  # correct line 1, then: "
        f"'{project}/a ve/bin/python' -S -m vendor_fetch sync"
    )
    paste = printed.removeprefix("  next: ").replace("${EDITOR:-vi}", "realpath")
    assert last_line(project, "/bin/bash", "-c", paste) == f"{project}/requirements/apps.in"


def test_fault_of_pyproject_is_named_with_a_command_for_the_project(project: Path) -> None:
    """The code of the rebuild reads it; the paths in its messages are relative to the project."""
    (project / "requirements/apps.in").write_text("tiny\n")
    (project / "pyproject.toml").write_text("[project\n")
    (project / "else").mkdir()
    words = ("-S", "-m", "vendor_fetch", "check", "--project=..")
    printed = last_line(project, "../a ve/bin/python", *words, directory="else")
    assert printed.startswith(f"  next: cd {project} && ${{EDITOR:-vi}} pyproject.toml  # ")


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
    "arguments", [["--project", "a b", "check"], ["check", "--project=x"], ["check"]]
)
def test_arguments_without_the_project(arguments: list[str]) -> None:
    assert without_project(arguments) == ["check"]


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("ve/bin/python -m vendor_fetch", True),
        ("'a ve/bin/python' -P -m vendor_fetch", True),
        ("", True),
        ("rm -rf x; python -m vendor_fetch", False),
        ("$(rm -rf x) -m vendor_fetch", False),
        ("x\n  next: rm -rf x # -m vendor_fetch", False),
        ("'open", False),
        ("rm -rf x", False),
    ],
)
def test_foreign_text_is_no_typed_command(text: str, *, counts: bool) -> None:
    assert typed_command({TYPED_VARIABLE: text}) == (text if counts else typed_command({}))


def test_closed_pipe_ends_the_command_quietly(index: Index, make_project: MakeProject) -> None:
    make_wheel(index.directory, "tiny")
    project = make_project("tiny")
    assert vendor(project) == 0
    run = subprocess.run(
        [
            *("bash", "-c", '"$@" | true; exit "${PIPESTATUS[0]}"', "bash"),
            *(sys.executable, "-m", "vendor_fetch", "--project", project, "size"),
        ],
        cwd=REPOSITORY,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=60,
    )
    assert (run.returncode in (0, 1), run.stderr) == (True, "")
