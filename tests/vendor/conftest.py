"""An index with virtualenv and pip, a project, and an environment without the user's settings."""

import os
import platform
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.index import Index
from tests.support.wheels import make_wheel
from vendor_fetch.__main__ import main

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
TAG = f"cp{sys.version_info.major}{sys.version_info.minor}"
COMPILED = f"{TAG}-{TAG}-manylinux_2_17_{platform.machine()}"
MakeProject = Callable[..., Path]


@pytest.fixture(autouse=True)
def clean_environment(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the user's configuration and cache. Tests share uv's cache; each index has its port."""
    for name in list(os.environ):
        if name.startswith(("PIP_", "UV_", "XDG_", "VENDOR_FETCH_")) or "PROXY" in name.upper():
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "uv-cache"))
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("VENDOR_FETCH_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """The index that pip is configured for."""
    with Index(tmp_path / "index") as running:
        for name in ("virtualenv", "pip", "flit_core", "setuptools"):
            make_wheel(running.directory, name, "80.0")
        monkeypatch.setenv("PIP_INDEX_URL", running.url)
        yield running


@pytest.fixture
def make_project(tmp_path: Path) -> MakeProject:
    """`make_project("tiny>=1", format="tarball")` writes a project that asks for that."""

    def make(*requirements: str, format: str = "wheel", settings: str = "") -> Path:  # noqa: A002
        project = tmp_path / "project"
        (project / "requirements").mkdir(parents=True, exist_ok=True)
        (project / "requirements/apps.in").write_text("".join(f"{each}\n" for each in requirements))
        (project / "pyproject.toml").write_text(
            f'[project]\nname = "project"\nrequires-python = "=={PYTHON}.*"\n'
            f'[tool.vendor_fetch]\nformat = "{format}"\n{settings}\n'
        )
        return project

    return make


def vendor(project: Path, *words: str) -> int:
    """`python -m vendor_fetch --project PROJECT WORDS`, in this process."""
    return main(["--project", str(project), *words])


def changes(printed: str) -> dict[str, list[str]]:
    """The rows of the table of changes in what a command has printed, by package."""
    lines = printed.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("package "))
    rows = [
        re.split(r"\s{2,}", line) for line in lines[start:] if re.search(r" \d+\.\d\d MB", line)
    ]
    return {name: cells for name, *cells in rows}


def files(project: Path) -> list[str]:
    """The application's and the tools' files, without the tools that are always there."""
    return sorted(
        path.name
        for path in (project / "requirements/src").glob("*")
        if not path.name.startswith(("virtualenv-", "pip-"))
    )


def snapshot(project: Path) -> dict[str, tuple[int, bytes]]:
    """Modification time and content of every file."""
    return {
        str(path.relative_to(project)): (path.stat().st_mtime_ns, path.read_bytes())
        for path in project.rglob("*")
        if path.is_file()
    }
