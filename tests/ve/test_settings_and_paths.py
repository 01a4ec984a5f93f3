"""./bootstrap.py works at any path, from any directory, and with any user's settings."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import bootstrap, ve_version


def test_virtualenv_settings_are_ignored(
    tiny_project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIRTUALENV_SYSTEM_SITE_PACKAGES", "1")
    monkeypatch.setenv("VIRTUALENV_COPIES", "1")
    assert bootstrap(tiny_project).returncode == 0
    assert "include-system-site-packages = false" in (tiny_project / "ve/pyvenv.cfg").read_text()


@pytest.mark.parametrize(
    "name", ["white space", "café", "w[1] *?", 'it\'s "quoted" & <odd>', "x" * 120]
)
def test_project_path_may_have_odd_characters(
    tiny_project: Path, tmp_path: Path, name: str
) -> None:
    project = tiny_project.rename(tmp_path / name)
    run = bootstrap(project)
    assert run.returncode == 0, run.stderr
    assert ve_version(project) == "1.0"
    assert not list(project.glob(".ve*"))


@pytest.mark.parametrize("redirection", [">&-", "| head -1", "| true", ">/dev/full", "2>&-"])
def test_closed_output_does_not_stop_a_rebuild(tiny_project: Path, redirection: str) -> None:
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f'"$0" bootstrap.py {redirection}', sys.executable],
        cwd=tiny_project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert ve_version(tiny_project) == "1.0"


def test_bootstrap_runs_from_anywhere(tiny_project: Path, tmp_path: Path) -> None:
    link = tmp_path / "b.py"
    link.symlink_to(tiny_project / "bootstrap.py")
    for script, place in ((link, "/"), (tiny_project / "bootstrap.py", tmp_path)):
        done = subprocess.run(
            [sys.executable, script, "-q"], cwd=place, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
    assert ve_version(tiny_project) == "1.0"


def test_discovery_ignores_the_current_directory(tiny_project: Path, tmp_path: Path) -> None:
    (tmp_path / "ve").write_text("a file")
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    done = subprocess.run(
        [sys.executable, tiny_project / "bootstrap.py", "-q", "--python", version],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", ["a:b", "line\nbreak", "no\xa0break"])
def test_unusable_project_path_is_refused(tiny_project: Path, tmp_path: Path, name: str) -> None:
    project = tiny_project.rename(tmp_path / name)
    run = bootstrap(project)
    assert run.returncode == 2
    assert "a virtualenv does not work at a path with ':'" in run.stderr
    rename = run.stderr.rpartition("  next: ")[2]
    assert rename.startswith("mv ")
    subprocess.run(["bash", "-c", rename], check=True)
    assert [path.is_dir() for path in (project, tmp_path / re.sub(r"\W", "-", name))] == [
        False,
        True,
    ]


def test_moved_project_still_runs_python(built_project: Path, tmp_path: Path) -> None:
    """The Python of a moved project still works; its scripts need a rebuild."""
    moved = tmp_path / "moved"
    shutil.move(built_project, moved)
    output = subprocess.run(
        [moved / "ve/bin/python", "-c", "import tiny; print(tiny.VERSION)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert output == "1.0\n"
    assert bootstrap(moved).returncode == 0
    assert ve_version(moved) == "1.0"
