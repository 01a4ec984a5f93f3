"""Selection of vendored files for an interpreter, and the errors if none fits."""

from pathlib import Path, PurePosixPath

import pytest

from bootstrapper.errors import WorkFailed
from bootstrapper.ve.project.lockfile import LockedFile
from bootstrapper.ve.project.selection import select_files
from bootstrapper.ve.python.interpreter import Interpreter
from bootstrapper.ve.python.tag import linux_platforms
from bootstrapper.ve.standards.marker import Marker
from tests.support.wheels import make_wheel

PYTHON = Interpreter(
    executable=Path("/usr/bin/python3.12"),
    version=(3, 12),
    abiflags="",
    bytecode="cpython-312-cb0d0d0a",
    platforms=linux_platforms("x86_64", glibc=(2, 36)),
    environment={
        "os_name": "posix",
        "sys_platform": "linux",
        "platform_machine": "x86_64",
        "platform_python_implementation": "CPython",
        "platform_release": "6.1",
        "platform_system": "Linux",
        "platform_version": "#1",
        "python_version": "3.12",
        "python_full_version": "3.12.1",
        "implementation_name": "cpython",
        "implementation_version": "3.12.1",
    },
)


def lines(*names: str) -> list[LockedFile]:
    """Return lines of a lock, each `FILE` or `FILE ; MARKER`."""
    files = []
    for number, text in enumerate(names, 1):
        name, _, marker = text.partition(" ; ")
        files.append(
            LockedFile(
                path=PurePosixPath("requirements/src", name),
                sha256=("0" * 64,),
                marker=Marker(marker) if marker else None,
                line=number,
            )
        )
    return files


def chosen(project: Path, *names: str, wanted: tuple[str, ...] = ()) -> list[str]:
    return [
        file.path.name
        for file in select_files(lines(*names), PYTHON, project=project, wanted=wanted)
    ]


def test_best_wheel_is_selected(tmp_path: Path) -> None:
    assert chosen(
        tmp_path,
        "x-1.0.tar.gz",
        "x-1.0-py3-none-any.whl",
        "x-1.0-cp312-cp312-manylinux_2_17_x86_64.whl",
        "x-1.0-cp312-cp312-manylinux_2_28_x86_64.whl",
        "x-1.0-cp312-cp312-manylinux_2_40_x86_64.whl",
        "x-1.0-cp313-cp313-manylinux_2_28_x86_64.whl",
        "y-2.0-1-py3-none-any.whl",
        "y-2.0-2-py3-none-any.whl",
    ) == ["x-1.0-cp312-cp312-manylinux_2_28_x86_64.whl", "y-2.0-2-py3-none-any.whl"]


def test_lines_with_a_false_marker_are_skipped(tmp_path: Path) -> None:
    make_wheel(tmp_path / "requirements/src", "x", tag="cp312-cp312-linux_x86_64")
    assert chosen(
        tmp_path,
        'x-1.0-cp311-cp311-linux_x86_64.whl ; python_version == "3.11"',
        'x-1.0-cp312-cp312-linux_x86_64.whl ; python_version == "3.12"',
        'colorama-1-py3-none-any.whl ; sys_platform == "win32"',
    ) == ["x-1.0-cp312-cp312-linux_x86_64.whl"]


def test_wheel_for_another_python_is_reported(tmp_path: Path) -> None:
    with pytest.raises(WorkFailed) as error:
        chosen(tmp_path, "x-1.0-cp310-cp310-manylinux_2_28_x86_64.whl")
    message = str(error.value)
    assert "requirements/apps.txt:1" in message
    assert "is for cp310-cp310-manylinux_2_28_x86_64" in message
    assert "CPython 3.12.1 on linux_x86_64" in message
    assert "accepts cp312-cp312-linux_x86_64" in message
    assert "next: " in message


def test_skipped_line_wanted_by_apps_in_is_reported(tmp_path: Path) -> None:
    names = ('x-1.0-cp311-cp311-linux_x86_64.whl ; python_version == "3.11"',)
    assert chosen(tmp_path, *names) == []
    with pytest.raises(WorkFailed, match="no vendored file of x fits"):
        chosen(tmp_path, *names, wanted=("X>=1",))


def test_skipped_line_wanted_by_a_wheel_is_reported(tmp_path: Path) -> None:
    make_wheel(
        tmp_path / "requirements/src",
        "web",
        requires=['x ; extra == "fast"', 'colorama; sys_platform == "win32"'],
    )
    names = (
        "web-1.0-py3-none-any.whl",
        'x-1.0-cp311-cp311-linux_x86_64.whl ; python_version == "3.11"',
        'colorama-1-py3-none-any.whl ; sys_platform == "win32"',
    )
    assert chosen(tmp_path, *names, wanted=("web",)) == ["web-1.0-py3-none-any.whl"]
    with pytest.raises(WorkFailed, match="no vendored file of x fits"):
        chosen(tmp_path, *names, wanted=("web[fast]>=1.0",))


def test_two_versions_of_a_distribution_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WorkFailed, match="line 1 has another version"):
        chosen(tmp_path, "x-1.0-py3-none-any.whl", "x-1.1-py3-none-any.whl")
