"""A failure of uv becomes an error with uv's output and the next command."""

import sys
from pathlib import Path

import pytest

from tests.support import tarballs
from tests.support.index import Index
from tests.support.wheels import make_wheel
from tests.vendor.conftest import MakeProject, vendor
from vendor_fetch.resolve.uv_failure import build_error

SRC = "requirements/src"
OLD = "Metadata-Version: 1.0\nName: code\nVersion: 1.0\n"
BACKEND = """
{imports}
import os
def prepare_metadata_for_build_wheel(directory, settings=None):
    os.mkdir(directory + "/code-1.0.dist-info")
    with open(directory + "/code-1.0.dist-info/METADATA", "w") as file:
        file.write("Metadata-Version: 2.1\\nName: code\\nVersion: 1.0\\n")
    return "code-1.0.dist-info"
def build_wheel(*_):
    raise SystemExit("no")
"""


def make_code(directory: Path, imports: str) -> None:
    """A tarball whose build has imports that it doesn't declare."""
    tarballs.make_tarball(
        directory,
        "code",
        build=[],
        backend="backend",
        backend_path=".",
        files={"backend.py": BACKEND.format(imports=imports), "PKG-INFO": OLD},
    )


@pytest.mark.parametrize(
    "content",
    [b"no zip file", b"version https://git-lfs.github.com/spec/v1\n", b"PK\x03\x04 cut off", b""],
)
def test_broken_wheel_is_named(
    content: bytes, index: Index, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    project = make_project(f"./{SRC}/broken-1.0-py3-none-any.whl")
    wheel = make_wheel(project / SRC, "broken")
    wheel.write_bytes(content)
    assert vendor(project) == 1
    printed = capsys.readouterr().err
    assert printed.startswith(f"{SRC}/{wheel.name}: can't be read as a zip archive: ")
    assert "  # ask for another version of it, then: make vendor\n" in printed


def test_broken_tarball_of_the_index_is_named(
    index: Index, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    make_code(index.directory, "")
    path = index.directory / "code-1.0.tar.gz"
    path.write_bytes(path.read_bytes()[:100])
    assert vendor(make_project("code")) == 1
    printed = capsys.readouterr().err
    assert printed.startswith("code: error: ")
    assert "index that pip" not in printed


def test_missing_version_is_no_network_error(
    index: Index, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    make_wheel(index.directory, "tiny")
    assert vendor(make_project("tiny==9")) == 1
    assert (
        "\n  next: ${EDITOR:-vi} requirements/apps.in  # change line 1, then: make "
        in capsys.readouterr().err
    )


def test_unknown_failure_shows_uv_output(
    index: Index,
    make_project: MakeProject,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fake_uv(tmp_path, monkeypatch, "uv 99.0", "error: the moon is in the way")
    assert vendor(make_project("tiny")) == 1
    assert capsys.readouterr().err == (
        "uv: error: the moon is in the way\n  next: make vendor  # after following uv's message above\n"
    )


@pytest.mark.parametrize("version", ["uv 0.4.18", "uv 0.7.2 (Debian 0.7.2-1)"])
def test_old_uv_is_refused_with_needed_version(
    version: str,
    make_project: MakeProject,
    tmp_path: Path,
    index: Index,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fake_uv(tmp_path, monkeypatch, version, "error: unexpected argument '--format' found")
    assert vendor(make_project("tiny")) == 2
    number = " ".join(version.split()[:2])
    assert capsys.readouterr().err == (
        f"uv: {number} is too old, 0.8.5 or later is needed\n"
        f"  next: {sys.executable} -m pip install 'uv>=0.8.5'\n"
    )


def fake_uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, fault: str) -> None:
    """Put a uv in the place of the real one that has a version and fails."""
    uv = tmp_path / "uv"
    uv.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && echo "{version}" && exit\necho "{fault}" >&2\nexit 2\n'
    )
    uv.chmod(0o755)
    for module in ("resolve.uv_run", "resolve.uv_failure", "project.default_python"):
        monkeypatch.setattr(f"vendor_fetch.{module}.find_uv", lambda: str(uv))


@pytest.mark.parametrize(
    ("imports", "requirement"),
    [
        ("import six", "six"),
        ("import pkg_resources", "setuptools<81"),
        ("from Cython.Build import cythonize", "cython"),
        ("import numpy", "numpy"),
        ("import setuptools_scm.git", "setuptools-scm"),
        ("import yaml", "pyyaml"),
    ],
)
def test_failed_build_shows_the_setting_to_add(
    imports: str,
    requirement: str,
    index: Index,
    make_project: MakeProject,
    capsys: pytest.CaptureFixture[str],
) -> None:
    make_code(index.directory, imports)
    assert vendor(make_project("code")) == 1
    printed = capsys.readouterr().err
    assert printed.startswith("code: error: Failed to ")
    assert printed.endswith(
        "  next: ${EDITOR:-vi} pyproject.toml  # [tool.vendor_fetch] needs "
        f'build-requires = ["{requirement}"], then: make vendor\n'
    )
    assert "tool.uv" not in printed


def test_shown_setting_keeps_configured_requirements(
    index: Index, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    make_wheel(index.directory, "other")
    make_code(index.directory, "import other, six")
    assert vendor(make_project("code", settings='build-requires = ["other>=1"]')) == 1
    assert (
        'needs build-requires = ["other>=1", "six"], then: make vendor' in capsys.readouterr().err
    )


def test_build_requires_alone_are_enough(index: Index, make_project: MakeProject) -> None:
    make_code(index.directory, "import six")
    make_wheel(index.directory, "six")
    make_wheel(index.directory, "tiny")
    project = make_project("code", settings='build-requires = ["six"]')
    assert vendor(project) == 0
    assert (project / SRC / "six-1.0-py3-none-any.whl").is_file()
    assert vendor(project, "check") == 0
    make_project("code", "tiny", settings='build-requires = ["six"]')
    assert vendor(project) == 0
    index.stop()
    make_project("code", settings='build-requires = ["six"]')
    assert vendor(project) == 0


def test_build_requires_choose_the_version_of_setuptools(
    index: Index, make_project: MakeProject
) -> None:
    make_wheel(index.directory, "setuptools", "75.0", files={"pkg_resources.py": ""})
    make_wheel(index.directory, "setuptools", "82.0")
    tarballs.make_tarball(
        index.directory,
        "code",
        build=["setuptools>=40"],
        backend="backend",
        backend_path=".",
        files={"backend.py": BACKEND.format(imports="import pkg_resources"), "PKG-INFO": OLD},
    )
    project = make_project("code", settings='build-requires = ["setuptools<80"]')
    assert vendor(project) == 0
    assert (project / SRC / "setuptools-75.0-py3-none-any.whl").is_file()
    assert vendor(project, "check") == 0


def test_build_requires_may_name_an_old_setuptools(index: Index, make_project: MakeProject) -> None:
    make_wheel(index.directory, "setuptools", "57.0")
    tarballs.make_tarball(
        index.directory,
        "code",
        build=None,
        files={"PKG-INFO": "Metadata-Version: 2.2\nName: code\nVersion: 1.0\n"},
    )
    project = make_project("code", settings='build-requires = ["setuptools<58"]')
    assert vendor(project) == 0
    assert (project / SRC / "setuptools-57.0-py3-none-any.whl").is_file()
    assert vendor(project, "check") == 0


def test_warning_of_uv_is_shown(
    index: Index, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    make_wheel(index.directory, "tiny")
    project = make_project("tiny[nonsense]")
    assert vendor(project) == 0
    printed = capsys.readouterr().out
    assert (
        printed.count("warning: The package `tiny==1.0` does not have an extra named `nonsense`")
        == 1
    )


def test_yanked_version_is_shown(
    index: Index,
    make_project: MakeProject,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    make_wheel(index.directory, "tiny")
    page = Index.page

    def yanked(self: Index, name: str) -> bytes | None:
        content = page(self, name)
        return content and (
            content.replace(b"<a href", b'<a data-yanked="broken" href')
            if name == "tiny"
            else content
        )

    monkeypatch.setattr(Index, "page", yanked)
    monkeypatch.setenv("UV_CACHE_DIR", str(index.directory.parent / "uv-cache"))
    assert vendor(make_project("tiny==1.0")) == 0
    assert "`tiny==1.0` is yanked" in "".join(capsys.readouterr())


def test_long_log_of_a_build_is_cut_in_the_middle() -> None:
    log = "\n".join(f"line {number}" for number in range(800))
    fault = build_error("odd", log, (), lambda name: name).fault.splitlines()
    assert (fault[0], fault[5], fault[-1]) == ("line 0", "… 765 lines", "line 799")
    assert len(fault) == 36
    short = "one\ntwo"
    assert build_error("odd", short, (), lambda name: name).fault == short
