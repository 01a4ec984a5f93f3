"""`requires-python` chooses the Python to vendor for; sync refuses what the rebuild rejects."""

import os
import platform
import sys
from pathlib import Path

import pytest

from bootstrapper.ve.project.lockfile import APPS, read
from bootstrapper.ve.python.required_python import allowed_pythons
from tests.support.index import Index
from tests.support.interpreters import interpreters
from tests.support.wheels import make_wheel
from tests.vendor.conftest import PYTHON, TAG, MakeProject, files, vendor
from vendor_fetch.project import default_python
from vendor_fetch.project.project import open_project

HERE = sys.version_info[:3]
LATER = f"3.{HERE[1] + 1}"
LATER_TAG = LATER.replace("3.", "cp3")


def requires(project: Path, specifier: str) -> None:
    path = project / "pyproject.toml"
    path.write_text(path.read_text().replace(f'"=={PYTHON}.*"', f'"{specifier}"'))


@pytest.mark.parametrize(
    ("specifier", "expected"),
    [
        ("==3.12.*", ("3.12", 0)),
        ("~=3.12.0", ("3.12", 0)),
        ("==3.12.4", ("3.12", 4)),
        (">=3.12.4,<3.13", ("3.12", 4)),
        (">3.12.4,<3.13", ("3.12", 5)),
        ("===3.12.1", ("3.12", 1)),
        (">=3.50", ("3.50", 0)),
        (">=3.11,<4,!=3.11.*,!=3.12.*,!=3.14.*,<3.15", ("3.13", 0)),
        ("", (PYTHON, 0)),
        (f">={PYTHON}", (PYTHON, 0)),
        ("<4", (PYTHON, 0)),
        (">=2.7", (PYTHON, 0)),
        (f">={PYTHON},<3.99", (PYTHON, 0)),
        ("~=3.11", (PYTHON, 0)),
    ],
)
def test_requires_python_chooses_the_target(
    specifier: str, expected: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(default_python, "_installed_python", lambda required: "")
    assert default_python.choose_python(specifier) == expected


def test_installed_python_comes_before_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(default_python, "_installed_python", lambda required: "3.60")
    assert default_python.choose_python(">=3.50") == ("3.60", 0)
    monkeypatch.setattr(default_python, "_installed_python", lambda required: "3.49")
    assert default_python.choose_python(">=3.50") == ("3.50", 0)


@pytest.mark.parametrize("version", [each for each in interpreters() if each != PYTHON])
def test_installed_python_is_found(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(interpreters()[version].parent), prepend=os.pathsep)
    assert default_python._installed_python(f"=={version}.*") == version


@pytest.mark.parametrize(
    "specifier",
    [f">={LATER}", f"~={LATER}.0", f">={LATER},<3.99", f"=={LATER}.*", f"!={PYTHON}.*,>={PYTHON}"],
)
def test_sync_vendors_for_another_python(
    specifier: str, index: Index, make_project: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(default_python, "_installed_python", lambda required: "")
    machine = platform.machine()
    for tag in (TAG, LATER_TAG):
        make_wheel(index.directory, "code", tag=f"{tag}-{tag}-manylinux_2_17_{machine}")
    project = make_project("code")
    requires(project, specifier)
    assert vendor(project) == 0
    assert [str(file.marker) for file in read(project, APPS)] == [
        f'python_version == "{LATER}" and sys_platform == "linux" and '
        f'platform_machine == "{machine}"'
    ]
    assert vendor(project, "check") == 0


@pytest.mark.parametrize("specifier", ["<3.11", ">=4", "==2.7.*", "!=3.*", "<3"])
def test_unsupported_python_is_refused(
    specifier: str, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    project = make_project("tiny")
    requires(project, specifier)
    assert vendor(project) == 2
    assert capsys.readouterr().err == (
        f"pyproject.toml: requires-python = '{specifier}' allows no Python that ./bootstrap.py "
        "supports: CPython 3.11 or later\n  next: sed -i 's/^requires-python = "
        f'.*/requires-python = ">={PYTHON}"/\' pyproject.toml\n'
    )


def test_markers_are_evaluated_for_the_oldest_python(
    index: Index, make_project: MakeProject
) -> None:
    make_wheel(
        index.directory,
        "tiny",
        requires=['old ; python_full_version < "3.50.4"', 'new ; python_full_version >= "3.50.4"'],
    )
    make_wheel(index.directory, "new")
    project = make_project("tiny")
    requires(project, ">=3.50.4,<3.51")
    assert open_project(project).targets[0].oldest_python == "3.50.4"
    assert vendor(project) == 0
    assert files(project) == ["new-1.0-py3-none-any.whl", "tiny-1.0-py3-none-any.whl"]


@pytest.mark.parametrize(
    "tag",
    [
        "cp39-cp39-manylinux_2_17_x86_64",
        "py2-none-any",
        "py3-none-macosx_11_0_arm64",
        "py3-none-win_amd64",
        "cp311-abi3-musllinux_1_1_x86_64",
        "pp311-pypy311_pp73-any",
    ],
)
def test_wheel_that_the_rebuild_rejects_is_refused(
    tag: str, index: Index, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    make_wheel(index.directory, "tiny")
    project = make_project("tiny", f"./requirements/src/own-1.0-{tag}.whl")
    own = make_wheel(project / "requirements/src", "own", tag=tag, pure=False)
    assert vendor(project) == 1
    printed = capsys.readouterr().err
    assert own.name in printed
    assert "  # ask for another version, or for a wheel in requirements/src/ for Python" in printed
    assert files(project) == [own.name]
    assert not (project / APPS).exists()


def test_allowed_pythons_have_their_first_micro_version() -> None:
    assert allowed_pythons(">=3.12.4,<3.14") == {"3.12": 4, "3.13": 0}
    assert allowed_pythons("<3.11") == {}
