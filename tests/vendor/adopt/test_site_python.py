"""The Python that an adopted project is vendored for is the one that it names or allows."""

import sys
from pathlib import Path

import pytest

from bootstrapper.errors import InputError
from vendor_fetch.adopt.site_python import site_python

RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".python-version", "3.12.4\n"),
        ("runtime.txt", "python-3.12.1\n"),
        (".tool-versions", "nodejs 20\npython 3.12.1\n"),
        ("Pipfile", '[requires]\npython_version = "3.12"\n'),
        (".python-version", "# the server's\n3.12\n"),
        ("Dockerfile", "FROM --platform=linux/amd64 docker.io/library/python:3.12-slim AS base\n"),
        ("pyproject.toml", '[project]\nrequires-python = "==3.12.*"\n'),
        ("pyproject.toml", '[tool.poetry.dependencies]\npython = "~3.12"\n'),
        ("setup.cfg", "[options]\npython_requires = ~=3.12.1\n"),
    ],
)
def test_python_version_is_found(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    assert site_python(tmp_path, "", pytest.fail) == "3.12"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", '[project]\nrequires-python = "{}"\n'),
        ("setup.cfg", "[options]\npython_requires = {}\n"),
    ],
)
@pytest.mark.parametrize(
    ("range_", "expected"),
    [(">=3.9,<4", RUNNING), (">=3.8,!=3.9.*", RUNNING), (">=3.14", "3.14"), ("~=3.13.0", "3.13")],
)
def test_range_takes_the_running_python_or_the_oldest_one_in_it(
    name: str, text: str, range_: str, expected: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text.format(range_))
    assert site_python(tmp_path, "", pytest.fail) == expected


def test_file_of_one_version_comes_before_a_range(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nrequires-python = ">=3.11"\n')
    (tmp_path / ".python-version").write_text("3.13\n")
    assert site_python(tmp_path, "", pytest.fail) == "3.13"
    assert site_python(tmp_path, "3.14", pytest.fail) == "3.14"


def test_ranges_of_old_pythons_are_reported(tmp_path: Path) -> None:
    reported: list[str] = []
    (tmp_path / "setup.cfg").write_text("[options]\npython_requires = <3.7\n")
    assert site_python(tmp_path, "", reported.append) == RUNNING
    assert reported[0].startswith("the project names Python 3.7; ")
    (tmp_path / "pyproject.toml").write_text('[project]\nrequires-python = "<3.7"\n')
    with pytest.raises(InputError):
        site_python(tmp_path, "", reported.append)
