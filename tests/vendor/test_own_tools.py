"""`ve/bin/python -m vendor_fetch` sets up its own tools beside the ve when it needs them."""

import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.support.index import Index
from tests.support.wheels import make_wheel
from tests.vendor.conftest import MakeProject, vendor
from vendor_fetch.index.uv import find_uv
from vendor_fetch.template.own_wheel import build_wheel

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def project(index: Index, make_project: MakeProject) -> Path:
    """A project in sync, whose ve has this package and no other."""
    for name in (
        "cookiecutter",
        "cyclonedx_python_lib",
        "jinja2",
        "license_expression",
        "packaging",
        "poetry_core",
        "pyproject_hooks",
    ):
        make_wheel(index.directory, name, "99.0")
    make_wheel(index.directory, "requests", "99.0")
    make_wheel(
        index.directory,
        "uv",
        "99.0",
        files={"uv.py": f"def find_uv_bin():\n    return {find_uv()!r}\n"},
    )
    make_wheel(index.directory, "tiny", "1.0")
    project = make_project("tiny", "./requirements/src/bootstrapper-0.1.0-py3-none-any.whl")
    (project / "requirements/src").mkdir()
    wheel = build_wheel(REPOSITORY, project / "requirements/src")
    make_project("tiny", f"./requirements/src/{wheel.name}")
    assert vendor(project) == 0
    venv.create(project / "ve")
    site = project / f"ve/lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
    (site / "project.pth").write_text(str(wheel))
    make_wheel(index.directory, "tiny", "2.0")
    return project


def run(
    project: Path, *words: str, path: str = "/usr/bin:/bin"
) -> "subprocess.CompletedProcess[str]":
    """`ve/bin/python -m vendor_fetch WORDS`, without uv on PATH."""
    return subprocess.run(
        ["ve/bin/python", "-m", "vendor_fetch", *words],
        cwd=project,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def test_tools_are_set_up_once_when_they_are_needed(project: Path, index: Index) -> None:
    for words in (("check",), ("why", "tiny"), ("size",), ("sync",)):
        done = run(project, *words)
        assert done.returncode == 0, done.stderr
        assert not (project / ".tools").exists()
    first = run(project, "outdated", "--json")
    assert first.stderr.startswith("setting up .tools/ (once)\n")
    assert [row["newest"] for row in json.loads(first.stdout)] == ["2.0"]
    again = run(project, "outdated", "--json")
    assert (again.stdout, again.stderr) == (first.stdout, "")


def test_tools_come_from_the_cache_without_a_network(
    project: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(project, "outdated").returncode == 0
    shutil.rmtree(project / ".tools")
    monkeypatch.setenv("VENDOR_FETCH_OFFLINE", "1")
    index.stop()
    done = run(project, "upgrade", "tiny")
    assert "setting up .tools/ (once)" in done.stderr
    assert "is not installed" not in done.stderr


def test_messages_show_what_the_user_has_typed(project: Path) -> None:
    done = run(project, "add", "nowhere")
    assert done.returncode == 1
    assert "requirements/apps.in:2: the index has no package nowhere" in done.stderr
    assert "\n  next: ve/bin/python -m vendor_fetch add nowhere  # with a change: " in done.stderr
