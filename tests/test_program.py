import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from bootstrapper.program import (
    DEFAULT,
    bootstrapper_invocation,
    invocation,
    project_elsewhere,
)
from tests.conftest import REPOSITORY


@pytest.mark.parametrize(
    ("typed", "arguments", "program"),
    [
        (
            ["ve/bin/python", "-m", "bootstrapper", "deploy", "-m", "why"],
            ["deploy", "-m", "why"],
            "ve/bin/python -m bootstrapper",
        ),
        (["python3", "-P", "-m", "bootstrapper"], [], "python3 -P -m bootstrapper"),
        (
            ["../a b/ve/bin/python", "-m", "bootstrapper", "status"],
            ["status"],
            "'../a b/ve/bin/python' -m bootstrapper",
        ),
        (
            ["/srv/shop/ve/bin/python", "-m", "bootstrapper", "status"],
            ["status"],
            "/srv/shop/ve/bin/python -m bootstrapper",
        ),
        (["ve/bin/python", "./manage.py", "worker"], ["worker"], DEFAULT),
        (["python", "-m", "pytest", "-m", "bootstrapper"], ["-m", "bootstrapper"], DEFAULT),
        ([], [], DEFAULT),
    ],
)
def test_invocation_is_what_the_user_typed(typed, arguments, program):
    assert bootstrapper_invocation(typed, arguments) == program


@pytest.mark.parametrize(
    ("typed", "arguments", "program"),
    [
        (
            [".tools/bin/python", "-P", "-m", "vendor_fetch", "sync"],
            ["sync"],
            ".tools/bin/python -P -m vendor_fetch",
        ),
        (
            ["/srv/a b/ve/bin/python", "-m", "vendor_fetch"],
            [],
            "'/srv/a b/ve/bin/python' -m vendor_fetch",
        ),
        (["python3", "hook.py"], [], ""),
    ],
)
def test_invocation_of_another_module(typed, arguments, program):
    assert invocation("vendor_fetch", typed, arguments) == program


def test_messages_name_the_python_that_was_typed(tmp_path):
    python = tmp_path / "ve/bin/python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy/deployments.toml").write_text("""
[deployments.here]
stages = ["clear-checkout"]
""")
    run = subprocess.run(
        ["ve/bin/python", "-m", "bootstrapper", "resume"],
        cwd=tmp_path,
        text=True,
        check=False,
        capture_output=True,
        timeout=60,
        env={"PYTHONPATH": str(Path(__file__).parent.parent)},
    )
    assert "  next: ve/bin/python -m bootstrapper deploy here\n" in run.stderr


@pytest.mark.parametrize("command", ["", " lock", " log", " cookbook", " rebuild"])
def test_usage_begins_with_a_command_that_works(command):
    run = subprocess.run(
        [sys.executable, "-m", "bootstrapper", *command.split(), "--help"],
        text=True,
        check=False,
        capture_output=True,
        timeout=60,
        cwd=Path(__file__).parent.parent,
        env={**os.environ, "COLUMNS": "200"},
    )
    assert run.stdout.startswith(f"usage: {sys.executable} -m bootstrapper{command} "), run.stdout


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project whose directory has a space, and whose Python has this package."""
    shop = tmp_path / "the shop"
    (shop / "ve/bin").mkdir(parents=True)
    (shop / "ve/bin/python").symlink_to(sys.executable)
    (shop / "deploy/recipes").mkdir(parents=True)
    (shop / "deploy/recipes/fail.sh").write_text("echo out of paper; exit 3\n")
    (shop / "deploy/deployments.toml").write_text('[deployments.here]\nstages = ["fail"]\n')
    (shop / "requirements/src").mkdir(parents=True)
    (shop / "Makefile").write_text("vendor:\n\t@echo vendored in $(CURDIR)\n")
    (tmp_path / "elsewhere").mkdir()
    return shop


def run_elsewhere(shop: Path, command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", command],
        cwd=shop.parent / "elsewhere",
        text=True,
        check=False,
        capture_output=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(shop.parent),
            "PYTHONPATH": str(Path(__file__).parent.parent),
            **variables,
        },
    )


def next_steps(run: subprocess.CompletedProcess[str]) -> list[str]:
    [block] = re.findall(r"^  next: +(.*(?:\n {8}.*)*)", run.stdout + run.stderr, re.MULTILINE)
    return [line.strip() for line in block.splitlines()]


@pytest.mark.parametrize(
    ("command", "status", "prints"),
    [
        ("deploy here", 1, ["push 1 goes on", "out of paper"]),
        ("status here", 0, ["push 1 failed"]),
        ("deploy here --step", 2, ["push 1 failed"]),
        ("cookbook import gone.csv", 2, ["elsewhere/gone.csv"]),
        ("deploy --reff main here", 2, ["push 1 failed"]),
        ("rebuild", 2, ["not a git repository"]),
    ],
)
def test_next_commands_can_be_pasted_in_another_directory(
    shop: Path, command: str, status: int, prints: list[str]
) -> None:
    run = run_elsewhere(
        shop, f"'../the shop/ve/bin/python' -m bootstrapper {command} --project '../the shop'"
    )
    assert run.returncode == status, run
    pasted = [run_elsewhere(shop, step, EDITOR="realpath") for step in next_steps(run)]
    for each, text in zip(pasted, prints, strict=False):
        assert text in each.stdout + each.stderr, (run, each)


def test_next_command_of_a_definition_opens_the_project_s_file(shop: Path) -> None:
    (shop / "deploy/deployments.toml").write_text("stages = 1\n")
    run = run_elsewhere(
        shop, "'../the shop/ve/bin/python' -m bootstrapper deploy --project='../the shop'"
    )
    [step] = next_steps(run)
    # realpath has no option +1
    pasted = run_elsewhere(shop, step.replace("+1 ", ""), EDITOR="realpath")
    assert pasted.stdout == f"{shop}/deploy/deployments.toml\n"


def test_next_command_of_bootstrap_py_runs_in_its_project(shop: Path) -> None:
    repository = Path(__file__).parent.parent
    shutil.copy(repository / "<<cookiecutter.project_slug>>/bootstrap.py", shop)
    wheel = shop / "requirements/src/bootstrapper-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for file in (repository / "bootstrapper").rglob("*.py"):
            archive.write(file, file.relative_to(repository))
    (shop / "requirements/apps.txt").write_text("nonsense\n")
    run = run_elsewhere(shop, "'../the shop/bootstrap.py'")
    assert "requirements/apps.txt:1" in run.stderr
    [step] = next_steps(run)
    assert run_elsewhere(shop, step).stdout.startswith(f"vendored in {shop}\n"), run


@pytest.mark.parametrize(
    "command",
    [
        "-m bootstrapper check",
        "-m bootstrapper store info",
        "-m bootstrapper cookbook import x.csv --project '{shop}'",
        "-m vendor_fetch check",
    ],
)
def test_removed_current_directory_is_named(shop: Path, command: str) -> None:
    run = run_elsewhere(
        shop, f"rmdir ../elsewhere; '{sys.executable}' {command}".replace("{shop}", str(shop))
    )
    assert run.returncode == 1
    assert "the current directory: was removed\n  next: " in run.stderr
    assert "Traceback" not in run.stderr


def test_bootstrap_py_works_without_a_current_directory(shop: Path) -> None:
    shutil.copy(Path(__file__).parent.parent / "<<cookiecutter.project_slug>>/bootstrap.py", shop)
    run = run_elsewhere(shop, f"rmdir ../elsewhere; '{sys.executable}' '{shop}/bootstrap.py'")
    assert f"next: git -C '{shop}' checkout" in run.stderr, run


@pytest.mark.parametrize(
    ("script", "arguments", "directory"),
    [
        ("", [], ""),
        ("", ["status"], ""),
        ("", ["status", "--project", "."], ""),
        ("", ["status", "--project", "/"], "/"),
        ("", ["status", "--project=/", "--json"], "/"),
        ("", ["status", "--project", "/gone"], ""),
        ("", ["status", "--project"], ""),
        ("/bin/bootstrap.py", [], os.path.realpath("/bin")),
    ],
)
def test_project_is_elsewhere(script: str, arguments: list[str], directory: str) -> None:
    assert project_elsewhere(script, "python -m bootstrapper", arguments) == directory
    if not script:
        assert project_elsewhere(script, "", arguments) == ""


def vendor_command_in(directory: Path) -> str:
    """The command that a message of a process in a directory names."""
    run = subprocess.run(
        [sys.executable, "-c", "from bootstrapper import program; print(program.VENDOR)"],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout.strip()


def test_vendor_command_is_one_that_the_project_has(tmp_path: Path) -> None:
    source = tmp_path / "requirements/src"
    source.mkdir(parents=True)
    assert vendor_command_in(tmp_path) == "make vendor"
    (source / "bootstrapper-0.1.0-py3-none-any.whl").touch()
    assert vendor_command_in(tmp_path) == (
        "env PYTHONPATH=requirements/src/bootstrapper-0.1.0-py3-none-any.whl "
        "python3 -P -m vendor_fetch sync"
    )
    (tmp_path / "Makefile").write_text("test:\n")
    assert vendor_command_in(tmp_path).startswith("env PYTHONPATH=")
    (tmp_path / "Makefile").write_text("vendor: .tools/complete\n")
    assert vendor_command_in(tmp_path) == "make vendor"
