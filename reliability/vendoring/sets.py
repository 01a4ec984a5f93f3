"""Twelve real requirement sets: vendored for twelve targets, checked, and compared with uv and pip."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from shutil import rmtree
from typing import Any

from reliability.vendoring.oracles import (
    OracleFailed,
    chosen_by_pip,
    chosen_by_uv,
    python_here,
    targets,
)
from reliability.vendoring.project import Project
from tests.conftest import REPOSITORY

DATA = REPOSITORY / "tests/vendor/sets"
PYTHONS = ("3.11", "3.12", "3.13")
PLATFORMS = ("linux-x86_64", "linux-aarch64", "macos-x86_64", "macos-arm64")
LISTED = 400  # characters of a message


def names() -> list[str]:
    """Return the names of the sets."""
    return sorted(path.stem for path in DATA.glob("*.in"))


def tried(name: str, scratch: Path) -> dict[str, Any]:
    """Return the row of a set: its counts, and what went wrong."""
    project = Project(directory=scratch / name)
    rmtree(project.directory, ignore_errors=True)
    pairs = [(python, platform) for python in PYTHONS for platform in PLATFORMS]
    project.create((DATA / f"{name}.in").read_text(encoding="utf-8"), pairs)
    row: dict[str, Any] = {"files": 0, "bytes": 0, "uv": 0, "pip": 0, "pips": 0, "faults": []}
    syncing = project.vendor("sync")
    if syncing.returncode:
        row["faults"].append(f"sync: {syncing.stderr.strip()[:LISTED]}")
        return row
    sizes = [path.stat().st_size for path in project.source.iterdir()]
    row["files"], row["bytes"] = len(sizes), sum(sizes)
    checking = project.vendor("check")
    if checking.returncode:
        row["faults"].append(f"check: {checking.stdout.strip()[:LISTED]}")
        return row
    simulated = project.simulated()
    for pair, target in targets(project).items():
        row["uv"] += _agrees(
            row, f"uv as {target}", simulated[pair], partial(chosen_by_uv, project, target)
        )
        python = python_here(target.python)
        if python and target.platform == "linux-x86_64":
            who = f"pip of Python {target.python}"
            row["pips"] += 1
            row["pip"] += _agrees(
                row, who, simulated[pair], partial(chosen_by_pip, project, python)
            )
    rmtree(project.directory)
    return row


def _agrees(row: dict[str, Any], who: str, ours: set[str], choose: Callable[[], set[str]]) -> bool:
    try:
        theirs = choose()
    except OracleFailed as error:
        row["faults"].append(f"{who}: {str(error).strip()[-LISTED:]}")
        return False
    if theirs != ours:
        row["faults"].append(
            f"{who} takes {', '.join(sorted(theirs - ours)[:3]) or 'nothing else'}, and not "
            f"{', '.join(sorted(ours - theirs)[:3]) or 'less'}"
        )
    return bool(theirs == ours)
