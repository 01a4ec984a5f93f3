"""Lines of apps.in that were reported as bugs of other tools: each is read as pip does, or refused."""

import hashlib
from pathlib import Path

import pytest

from tests.support.index import Index
from tests.support.wheels import make_wheel
from tests.vendor.conftest import MakeProject, files, vendor

EDIT = "  next: ${EDITOR:-vi} requirements/apps.in  # in line "
TINY = "tiny-1.0-py3-none-any.whl"


@pytest.fixture
def tiny(index: Index) -> str:
    """The sha256 of a wheel of the index, which has the later version 2.0, too."""
    make_wheel(index.directory, "tiny", "2.0")
    return hashlib.sha256(make_wheel(index.directory, "tiny").read_bytes()).hexdigest()


@pytest.mark.parametrize(
    "lines",
    [
        # https://github.com/jazzband/pip-tools/issues/1063: a comment ends a continued line
        ("tiny==1.0 \\", "    --hash=sha256:{hash} \\", "    # via app", "helper"),
        ("tiny==1.0 --hash sha256:{hash}  # a comment", "helper"),
        ("tiny >= 1 , < 2", "helper"),
        ("tiny\t(==1.*)\t# a comment", "helper ; python_version in '3.11, 3.12, 3.13, 3.14'"),
        ("TINY==1.0.0", "Helper"),
        ("tiny>=1", "tiny<2", "helper"),
        ('tiny==1.0;python_version>"3"', 'tiny==2.0;python_version<"3"', "helper"),
    ],
)
def test_line_is_read_as_pip_reads_it(
    lines: tuple[str, ...], tiny: str, index: Index, make_project: MakeProject
) -> None:
    make_wheel(index.directory, "helper")
    project = make_project(*(line.replace("{hash}", tiny) for line in lines))
    assert vendor(project) == 0
    assert files(project) == ["helper-1.0-py3-none-any.whl", TINY]
    assert vendor(project, "check") == 0


@pytest.mark.parametrize(
    ("lines", "fault", "change"),
    [
        # https://github.com/pypa/pip/issues/11935
        (
            ("tiny==1.0", "    --hash=sha256:" + 64 * "0"),
            "2: --hash: a hash is a part of the line of its requirement",
            "2, write the hash behind its requirement, or end the line above with a backslash",
        ),
        (("-r",), "1: -r: it is followed by one path", "1, write -r NAME, or delete the line"),
        (("tiny --no-binary :all:",), "1: --no-binary: ", "1, delete the option"),
        (("--no-binary :all:", "tiny"), "1: --no-binary: ", "1, delete the line"),
        # https://github.com/python-poetry/poetry/issues/1313
        (
            ('tiny ; extra == "x"',),
            "1: extra: it is not known for a target, so no machine would get the package",
            "1, delete the marker; a package is asked for with its extra by NAME[EXTRA]",
        ),
        (
            ('tiny ; platform_release >= "5"',),
            "1: platform_release: it is not known for a target",
            "1, name sys_platform or platform_machine instead",
        ),
        (
            ("tiny", "<<<<<<< HEAD", "helper", "=======", "other", ">>>>>>> main"),
            "2: git has left a conflict of two versions of the file here",
            "2, keep the requirements that you want, and delete the lines with <<<<<<< and the like",
        ),
    ],
)
def test_refused_line_is_shown_with_its_change(
    lines: tuple[str, ...],
    fault: str,
    change: str,
    index: Index,
    make_project: MakeProject,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert vendor(make_project(*lines)) == 2
    printed = capsys.readouterr().err
    assert printed.startswith(f"requirements/apps.in:{fault}")
    assert f"{EDIT}{change}, then: make vendor\n" in printed


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("tiny;", "the marker ends too early"),
        ("https://example.org/", "'https://example.org/' names no file"),
    ],
)
def test_wrong_line_is_shown(
    line: str,
    fault: str,
    index: Index,
    make_project: MakeProject,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert vendor(make_project(line)) == 2
    assert capsys.readouterr().err.startswith(f"requirements/apps.in:1: {fault}\n    {line}\n")


def test_width_of_the_terminal_changes_no_message(
    index: Index,
    make_project: MakeProject,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    address = (tmp_path / "tiny-1.0-py3-none-any.whl").as_uri()
    make_wheel(index.directory, "app", requires=[f"tiny @ {address}"])
    assert vendor(make_project("app")) == 1
    assert f"# add the line: tiny @ {address}, then: make vendor\n" in capsys.readouterr().err


def test_dependency_that_no_target_tells_is_warned_of(
    index: Index, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    """As pyobjc: https://github.com/python-poetry/poetry/issues/2403."""
    never = 'never ; sys_platform == "win32" and platform_release >= "10"'
    make_wheel(index.directory, "many", requires=['one ; platform_release >= "20.0"', never])
    project = make_project("many")
    assert vendor(project) == 0
    assert (
        "warning: many asks some machines for one, by platform_release or platform_version, which no "
        "target tells: name in requirements/apps.in what you need of them\n"
    ) in capsys.readouterr().out
    make_wheel(index.directory, "one")
    make_project("many", "one")
    assert vendor(project) == 0
    assert "warning" not in capsys.readouterr().out
