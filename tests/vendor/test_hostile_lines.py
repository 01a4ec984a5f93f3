"""Lines that a user is led to paste, and that would do more than they seem to."""

import pytest

from bootstrapper.ve.standards.requirement import InvalidRequirement
from tests.support.index import Index
from tests.support.wheels import make_wheel
from tests.vendor.conftest import MakeProject, snapshot, vendor
from vendor_fetch.project.direct_reference import parse_line


@pytest.mark.parametrize(
    "line",
    [
        "./mylib\nflask",
        "x[a\nflask]",
        "django>=5,\n<6",
        "x @\nhttps://git.example.org/x-1.0.tar.gz",
        "x @ https://git.example.org/x%0Aflask-1.0.tar.gz",
        "https://git.example.org/%00x-1.0.tar.gz",
        "git+https://git.example.org/x\r.git",
        "./mylib\x1b[31m",
        "./mylib\u2028flask",
        "./mylib\x00",
        "django\u200b",
        "d\u0458ango",
        "https://[bad/x-1.0.tar.gz",
        "x @ git+https://git.example.org/x.git@%2D%2Dupload-pack=touch",
        "x @ git+https://git.example.org/x.git@main:refs/heads/other",
        "git+https://git.example.org/x.git@main --upload-pack=touch",
    ],
)
def test_hostile_line_is_refused(
    line: str, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InvalidRequirement):
        parse_line(line)
    project = make_project("helper")
    before = snapshot(project)
    assert vendor(project, "add", line) == 2
    assert "\x1b" not in capsys.readouterr().err
    assert snapshot(project) == before


def test_option_of_ssh_is_no_host(
    index: Index, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    project = make_project()
    line = f"x @ git+ssh://-oProxyCommand=touch%20{project}%2Fran/x.git"
    assert vendor(project, "add", line) == 1
    assert "strange hostname" in capsys.readouterr().err
    assert not (project / "ran").exists()


@pytest.mark.parametrize("verbosity", ["-q", "-v"])
def test_refused_password_is_not_shown(
    verbosity: str, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    line = "x @ git+https://deploy:s3c@ret@git.example.org/x.git"
    assert vendor(make_project(), verbosity, "add", line) == 2
    printed = capsys.readouterr()
    assert "x @ git+https://…@git.example.org/x.git: " in printed.err
    assert "s3c" not in printed.out + printed.err
    assert "ret@" not in printed.out + printed.err


def test_address_without_a_name_is_no_other_directory(
    index: Index, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    make_wheel(index.directory, "helper")
    project = make_project(f"{index.host}/files/helper-1.0-py3-none-any.whl/..")
    assert vendor(project) == 1
    assert "can't be downloaded" in capsys.readouterr().err
