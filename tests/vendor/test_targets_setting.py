"""`targets` in pyproject.toml: a list of pairs; a wrong one is shown with its line."""

from pathlib import Path

import pytest

from tests.vendor.conftest import MakeProject, vendor
from vendor_fetch.project.project import open_project


def write(project: Path, *lines: str, required: str = ">=3.11,<3.15") -> None:
    (project / "pyproject.toml").write_text(
        f'[project]\nname = "project"\nrequires-python = "{required}"\n\n[tool.vendor_fetch]\n'
        "targets = [  # { braces } do not count\n"
        + "".join(f"  {each},\n" for each in lines)
        + "]\n"
    )


SERVER = '{ python = "3.12", platform = "linux-x86_64" }'


def test_targets_have_floors(make_project: MakeProject) -> None:
    project = make_project("tiny")
    write(
        project,
        SERVER,
        '{ python = "3.13", platform = "linux-aarch64", glibc = "2.34" }',
        '{ python = "3.12", platform = "macos-arm64", macos = "12" }',
        '{ python = "3.12", platform = "macos-x86_64" }',
    )
    assert [target.description for target in open_project(project).targets] == [
        "Python 3.12 on linux-x86_64 (glibc 2.28)",
        "Python 3.13 on linux-aarch64 (glibc 2.34)",
        "Python 3.12 on macos-arm64 (macOS 12.0)",
        "Python 3.12 on macos-x86_64 (macOS 11.0)",
    ]


def test_micro_version_of_requires_python_is_the_oldest(make_project: MakeProject) -> None:
    project = make_project("tiny")
    write(project, SERVER, required=">=3.12.4")
    [target] = open_project(project).targets
    assert target.oldest_python == "3.12.4"


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ('"linux"', "'linux' is not a table such as { python = "),
        ("{}", "platform is missing; it can be linux-x86_64, linux-aarch64, macos-x86_64, macos"),
        ('{ platform = "linux-x86_64" }', "python is missing; it is a version of two numbers"),
        (
            '{ python = "3.12", platform = "linux-x86_64", gilbc = "2.28" }',
            "'gilbc' is not one of python, platform, glibc, macos; did you mean \"glibc\"?",
        ),
        (
            '{ python = 3.12, platform = "linux-x86_64" }',
            "python 3.12 is not the text of a version with two numbers",
        ),
        (
            '{ python = "3.12.1", platform = "linux-x86_64" }',
            "python '3.12.1' is not the text of a version with two numbers",
        ),
        (
            '{ python = "3.9", platform = "linux-x86_64" }',
            "Python 3.9 is too old: ./bootstrap.py needs 3.11 or later",
        ),
        (
            '{ python = "3.15", platform = "linux-x86_64" }',
            "requires-python = '>=3.11,<3.15' does not allow Python 3.15",
        ),
        (
            '{ python = "3.12", platform = "musllinux-x86_64" }',
            "platform 'musllinux-x86_64': a marker can't tell musl from glibc",
        ),
        ('{ python = "3.12", platform = "alpine" }', "a marker can't tell musl from glibc"),
        (
            '{ python = "3.12", platform = "windows-amd64" }',
            "platform 'windows-amd64': Windows has no mod_wsgi",
        ),
        ('{ python = "3.12", platform = "win32" }', "Windows has no mod_wsgi"),
        (
            '{ python = "3.12", platform = "darwin" }',
            "platform 'darwin' is unknown; it can be linux",
        ),
        ('{ python = "3.12", platform = ["linux-x86_64"] }', "is unknown; it can be linux"),
        (
            '{ python = "3.12", platform = "macos-arm64", glibc = "2.28" }',
            "glibc is no floor of macos-arm64; it has macos",
        ),
        (
            '{ python = "3.12", platform = "linux-x86_64", glibc = 2.28 }',
            'glibc 2.28 is not the text of a version, such as "2.28"',
        ),
        (
            '{ python = "3.12", platform = "linux-x86_64", glibc = "2.5" }',
            "glibc 2.5 is not supported: the oldest is 2.17",
        ),
        (
            '{ python = "3.12", platform = "macos-arm64", macos = "10.6" }',
            "macOS 10.6 is not supported: the oldest is 10.9",
        ),
        (SERVER, "Python 3.12 on linux-x86_64 is in the list twice"),
    ],
)
def test_wrong_target_is_shown_with_its_line(
    wrong: str, fault: str, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    project = make_project("tiny")
    write(project, SERVER, wrong)
    assert vendor(project) == 2
    printed = capsys.readouterr().err
    # A text has no brace to find its line by.
    line = 6 if wrong.startswith('"') else 8
    assert printed.startswith(f"pyproject.toml:{line}: target 2: ")
    assert fault in printed
    assert printed.endswith(
        '  next: ${EDITOR:-vi} pyproject.toml  # such as: targets = [{ python = "3.12", '
        'platform = "linux-x86_64" }], then: make vendor\n'
    )


@pytest.mark.parametrize("value", ["[]", '"3.12"', "true"])
def test_targets_that_are_no_list_are_refused(
    value: str, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    assert vendor(make_project("tiny", settings=f"targets = {value}")) == 2
    assert "not a list" in capsys.readouterr().err
