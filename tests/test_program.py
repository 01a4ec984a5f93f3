import os
import subprocess
import sys
from pathlib import Path

import pytest

from bootstrapper.program import DEFAULT, bootstrapper_invocation, invocation


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
