"""`make vendor` sets up `.tools/` once, alone, and without a network if it can."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.support.index import Index
from tests.support.rendering import render
from tests.support.wheels import make_wheel
from vendor_fetch.template.own_wheel import build_wheel


@pytest.fixture
def make_site(tmp_path: Path, index: Index) -> Callable[[str], Path]:
    """`make_site("one")` renders a project that carries our wheel; small ones are in the index."""
    for name in (
        "cookiecutter",
        "cyclonedx_python_lib",
        "jinja2",
        "license_expression",
        "packaging",
        "poetry_core",
        "pyproject_hooks",
        "requests",
        "uv",
    ):
        make_wheel(index.directory, name, "99.0")

    def make(name: str) -> Path:
        project = render(tmp_path / name, project_slug="site")
        build_wheel(REPOSITORY, project / "requirements/src")
        return project

    return make


def set_up(project: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        ["make", ".tools/complete"],
        cwd=project,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def has_tools(project: Path) -> bool:
    command = [project / ".tools/bin/python", "-c", "import requests, uv, vendor_fetch.sync.sync"]
    return subprocess.run(command, cwd=project, check=False).returncode == 0


def test_set_up_runs_once_and_is_shared(
    make_site: Callable[[str], Path], index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_site("one")
    runs = [set_up(project) for _ in range(2)]
    printed = [run.communicate(timeout=120) for run in runs]
    assert [run.returncode for run in runs] == [0, 0], printed
    assert sum("setting up .tools/" in out for out, _ in printed) == 1
    assert sum("waiting for another run" in out for out, _ in printed) == 1
    assert has_tools(project)

    index.stop()
    monkeypatch.setenv("VENDOR_FETCH_OFFLINE", "1")
    other = make_site("two")
    run = set_up(other)
    assert (run.communicate(timeout=120)[1], run.returncode) == ("", 0)
    assert has_tools(other)
    assert "setting up" not in set_up(other).communicate(timeout=60)[0]


@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to be another user")
@pytest.mark.parametrize("name", ["", "tools"])
def test_packages_of_another_user_are_not_installed(
    make_site: Callable[[str], Path], tmp_path: Path, name: str
) -> None:
    theirs = tmp_path / "cache" / name
    (tmp_path / "cache/tools").mkdir(parents=True)
    for wheel in ("requests", "uv"):
        make_wheel(tmp_path / "cache/tools", wheel, "100.0")
    os.chown(theirs, 4242, 4242)
    project = make_site("one")
    run = set_up(project)
    _, printed = run.communicate(timeout=120)
    assert run.returncode == 2
    assert printed.startswith(f"{theirs}: belongs to another user")
    assert not (project / ".tools/bin").exists()


@pytest.mark.parametrize("kept", [True, False])
def test_other_users_cannot_replace_the_kept_packages(
    make_site: Callable[[str], Path], tmp_path: Path, *, kept: bool
) -> None:
    if kept:  # from before
        (tmp_path / "cache/tools").mkdir(parents=True)
        (tmp_path / "cache").chmod(0o777)
    before = os.umask(0)
    try:
        run = set_up(make_site("one"))
        assert (run.communicate(timeout=120)[1], run.returncode) == ("", 0)
    finally:
        os.umask(before)
    modes = [(tmp_path / name).stat().st_mode & 0o022 for name in ("cache", "cache/tools")]
    assert modes == [0, 0]


def test_offline_set_up_without_packages_fails(
    make_site: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VENDOR_FETCH_OFFLINE", "1")
    project = make_site("one")
    run = set_up(project)
    _, printed = run.communicate(timeout=60)
    assert run.returncode == 2  # the status of make itself
    assert printed.startswith(
        f".tools: {tmp_path}/cache/tools lacks the packages that vendoring runs with (uv, requests), "
        "and VENDOR_FETCH_OFFLINE forbids the index\n"
        "  next: env -u VENDOR_FETCH_OFFLINE make vendor\n"
    )


def test_set_up_without_index_fails(
    make_site: Callable[[str], Path], index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_RETRIES", "0")
    project = make_site("one")
    index.stop()
    run = set_up(project)
    _, printed = run.communicate(timeout=120)
    assert run.returncode == 2
    assert (
        ".tools: the packages that vendoring runs with can't be installed; the reason is above\n"
        in printed
    )
    assert not (project / ".tools/complete").exists()


def test_set_up_ignores_other_settings_of_pip(
    make_site: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "pip.conf"
    settings.write_text(
        "[global]\nno-binary = :all:\ntarget = elsewhere\nno-deps = true\n"
        "constraint = /nonexistent\n[install]\nuser = true\n"
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", str(settings))
    monkeypatch.setenv("PIP_PRE", "1")
    project = make_site("one")
    run = set_up(project)
    assert (run.communicate(timeout=120)[1], run.returncode) == ("", 0)
    assert has_tools(project)
