"""Lock the dependency files of a set with the program of its project, as of today."""

import os
import subprocess
from pathlib import Path

from benchmarks.vendoring.mirror import configured_address
from reliability.adopting.sets import RealSet
from tests.support.interpreters import interpreters
from vendor_fetch.index.uv import find_uv

# Stands in the data for the address of the configured index.
_INDEX = "https://index.example.org/simple"
_SECONDS = 900


def lock(real: RealSet, site: Path, programs: Path) -> None:
    """Write the lock of a set into its project. The directory `programs` keeps pipenv and poetry."""
    if not real.lock:
        return
    python = interpreters()[real.python]
    match real.lock:
        case "uv":
            command = [find_uv(), "lock", "--quiet", "--python", str(python)]
        case "pipenv":
            command = [_program("pipenv", python, programs), "lock", "--quiet"]
        case _:
            command = [_program("poetry", python, programs), "lock", "--no-interaction"]
    for file in ("pyproject.toml", "Pipfile"):
        _replace(site / file, _INDEX, configured_address())
    run = subprocess.run(
        command,
        cwd=site,
        env={
            **os.environ,
            "PIPENV_IGNORE_VIRTUALENVS": "1",
            "WORKON_HOME": str(programs / "homes"),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
    )
    for file in ("pyproject.toml", "Pipfile"):
        _replace(site / file, configured_address(), _INDEX)
    if run.returncode:
        raise RuntimeError(f"{real.name}: {' '.join(command)}: {(run.stdout + run.stderr)[-2000:]}")


def _program(name: str, python: Path, programs: Path) -> str:
    """Return the path of a program of the index, which gets a virtualenv for this Python."""
    home = programs / f"{name}-{python.name}"
    program = home / "bin" / name
    if not program.exists():
        for command in (
            [find_uv(), "venv", "--quiet", "--python", python, home],
            [find_uv(), "pip", "install", "--quiet", "--python", home / "bin/python", name],
        ):
            subprocess.run(command, check=True, timeout=_SECONDS)
    return str(program)


def _replace(file: Path, old: str, new: str) -> None:
    if file.is_file():
        file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
