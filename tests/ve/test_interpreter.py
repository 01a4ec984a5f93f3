"""Interpreter facts and tags are compared with the packaging library."""

import json
import os
import subprocess
import sys
from pathlib import Path

import packaging
import pytest
from packaging.tags import mac_platforms

from bootstrapper.errors import InputError
from bootstrapper.ve.python.interpreter import (
    another_python,
    current_interpreter,
    inspect_interpreter,
)
from bootstrapper.ve.python.tag import cpython_tags, linux_platforms, macos_platforms
from tests.support.interpreters import interpreters, too_old

REFERENCE = """
import json
from packaging.markers import default_environment
from packaging.tags import sys_tags
print(json.dumps([list(map(str, sys_tags())), default_environment()]))
"""


@pytest.mark.parametrize("version", interpreters())
def test_tags_and_variables_equal_packaging(version: str) -> None:
    executable = interpreters()[version]
    where = os.fspath(Path(packaging.__file__).parents[1])
    output = subprocess.run(
        [executable, "-c", REFERENCE], env={"PYTHONPATH": where}, capture_output=True, check=True
    ).stdout
    tags, environment = json.loads(output)
    ours = inspect_interpreter(executable)
    assert list(ours.tags) == tags
    assert ours.environment == environment


@pytest.mark.parametrize("machine", ["arm64", "x86_64"])
@pytest.mark.parametrize("version", [(10, 9), (10, 15), (11, 0), (12, 3), (15, 1), (26, 0)])
def test_platforms_of_a_mac_equal_packaging(machine: str, version: tuple[int, int]) -> None:
    if (machine, version[0]) != ("arm64", 10):  # there was no such Mac
        assert list(macos_platforms(machine, version)) == list(mac_platforms(version, machine))


def test_python_of_a_virtualenv_is_its_base() -> None:
    assert current_interpreter().executable == Path(os.path.realpath(sys._base_executable))


@pytest.mark.parametrize("executable", too_old(), ids=lambda path: path.name)
def test_old_interpreter_is_refused(executable: Path) -> None:
    with pytest.raises(InputError) as refusal:
        inspect_interpreter(executable)
    assert "too old" in str(refusal.value)
    assert "  next: " in str(refusal.value)


@pytest.mark.parametrize("name", ["/nowhere/python3", "/bin/false", "/bin/echo"])
def test_program_that_is_no_python_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="can't be run to find out its version"):
        inspect_interpreter(name)


def test_free_threaded_build_has_no_abi3_tags() -> None:
    tags = list(cpython_tags((3, 13), ("linux_x86_64",), abiflags="t"))
    assert tags[0] == "cp313-cp313t-linux_x86_64"
    assert not any("abi3" in tag for tag in tags)


def test_platform_tags_are_best_first() -> None:
    assert linux_platforms("x86_64", musl=(1, 2)) == (
        "linux_x86_64",
        "musllinux_1_2_x86_64",
        "musllinux_1_1_x86_64",
        "musllinux_1_0_x86_64",
    )
    assert linux_platforms("aarch64", glibc=(2, 18)) == (
        "linux_aarch64",
        "manylinux_2_18_aarch64",
        "manylinux_2_17_aarch64",
        "manylinux2014_aarch64",
    )


def test_modules_in_current_directory_are_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('run by mistake')\n")
    monkeypatch.chdir(tmp_path)
    assert inspect_interpreter(sys.executable).version == sys.version_info[:2]


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        (None, "./bootstrap.py --python '{}/python3.14'"),
        ({"3.12", "3.13"}, "./bootstrap.py --python '{}/python3.13'"),
        ({"3.12"}, "apt-get install python3.12  # as root, on Debian; then: ./bootstrap.py"),
        ({"3.11", "3.15"}, "apt-get install python3  # as root, on Debian; then: ./bootstrap.py"),
    ],
)
def test_another_python_is_one_on_path(
    versions: set[str] | None, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tmp_path / "with space"
    directory.mkdir()
    for name in ("python3.10", "python3.12", "python3.13", "python3.14"):
        (directory / name).write_text("#!/bin/sh\n")
    (directory / "python3.15").write_text("#!/bin/sh\nexit 127  # as pyenv's commands do\n")
    (directory / "python3.16").write_text("")
    for program in directory.iterdir():
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(directory))
    assert another_python(directory / "python3.12", versions) == expected.format(directory)
