"""The table and the JSON of what a command changes."""

import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.support.index import Index
from tests.support.wheels import make_wheel
from tests.vendor.conftest import PYTHON, MakeProject, changes, snapshot, vendor
from vendor_fetch.upkeep.django import release_notes

GITHUB = {"kind": "GitHub", "repository": "django/django"}


@pytest.fixture
def project(index: Index, make_project: MakeProject) -> Path:
    """Django 5.2.7 is vendored, and the index has 5.2.8 and 6.0.1 by now."""
    make_wheel(index.directory, "asgiref", "3.8")
    make_wheel(index.directory, "sqlparse", "0.5")
    make_wheel(index.directory, "django", "5.2.7", requires=["asgiref", "sqlparse"])
    made = make_project("Django<6")
    assert vendor(made) == 0
    make_wheel(index.directory, "asgiref", "3.9")
    make_wheel(index.directory, "django", "5.2.8", requires=["asgiref>=3.9"])
    make_wheel(index.directory, "django", "6.0.1", requires=["asgiref"])
    for path in index.directory.iterdir():
        index.uploaded[path.name] = datetime.now(UTC) - timedelta(days=12, hours=1)
    index.publishers |= {path.name: GITHUB for path in index.directory.glob("django-*")}
    return made


def out(capsys: pytest.CaptureFixture[str]) -> str:
    """What was printed, without the lines of progress."""
    lines = capsys.readouterr().out.splitlines(keepends=True)
    return "".join(line for line in lines if not re.match("downloaded|vendored|cached", line))


def test_table_of_an_upgrade(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out(capsys)
    assert vendor(project, "upgrade", "django", "--dry-run") == 0
    table = out(capsys)
    assert table == (
        "package   old    new       size     age      publisher             why\n"
        "asgiref   3.8    3.9       0.00 MB  12 days                        django\n"
        "django    5.2.7  5.2.8     0.00 MB  12 days  GitHub django/django  requirements/apps.in:1\n"
        "sqlparse  0.5             -0.00 MB\n"
        "nothing was changed; requirements/src/ would have 4 files, 0.0 MB\n"
    )
    assert vendor(project, "upgrade", "django") == 0
    assert out(capsys) == (
        f"{table.rpartition('nothing')[0]}"
        "4 files, 0.0 MB in requirements/src/\n"
        "  next: ./bootstrap.py\n"
        "        ve/bin/python manage.py check --deploy\n"
        "        ve/bin/python manage.py test\n"
    )


def test_feature_release_of_django_has_release_notes(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out(capsys)
    assert vendor(project, "add", "Django>=6") == 0
    printed = out(capsys)
    notes = "release notes: https://docs.djangoproject.com/en/6.0/releases/6.0/\n"
    assert f"{notes}  next: ./bootstrap.py\n" in printed
    # It is in the lock already.
    assert "new here" not in printed


@pytest.mark.parametrize(
    ("old", "new", "versions"),
    [
        ("5.2", "5.2.1", []),
        ("5.2.9", "6.0", ["6.0"]),
        ("5.1", "6.1a1", ["5.2", "6.0", "6.1"]),
        ("1.11", "2.0", ["2.0"]),
        ("6.0", "5.2", []),
        ("2004d", "5.2", []),
    ],
)
def test_release_notes_are_of_every_feature_release(
    old: str, new: str, versions: list[str]
) -> None:
    address = "https://docs.djangoproject.com/en/{0}/releases/{0}/"
    assert release_notes(old, new) == [address.format(version) for version in versions]


def test_json_is_alone_on_standard_output(project: Path, index: Index) -> None:
    run = subprocess.run(
        [
            *(sys.executable, "-m", "vendor_fetch", "--project", project),
            *("upgrade", "django", "--json"),
        ],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(run.stdout)
    assert found["warnings"] == []
    assert found["dry_run"] is False
    size = (index.directory / "django-5.2.8-py3-none-any.whl").stat().st_size
    assert found["changes"][1] == {
        "name": "django",
        "old": "5.2.7",
        "new": "5.2.8",
        "bytes": size,
        "age_days": 12,
        "publisher": "GitHub django/django",
        "why": "requirements/apps.in:1",
        "files": ["requirements/src/django-5.2.8-py3-none-any.whl"],
    }
    removed = found["changes"][2]
    assert removed["bytes"] < 0
    assert (removed["name"], removed["old"], removed["new"]) == ("sqlparse", "0.5", None)
    assert removed["files"] == []
    assert f"  next: cd {project} && ./bootstrap.py\n" in run.stderr


def test_json_of_add_and_remove(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert vendor(project, "add", "Django<6", "asgiref", "--json") == 0
    # A line more in apps.in is no change of the files.
    assert json.loads(capsys.readouterr().out)["changes"] == []
    before = snapshot(project)
    assert vendor(project, "remove", "Django", "--json", "--dry-run") == 0
    printed = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in printed["changes"]] == ["django", "sqlparse"]
    assert printed["dry_run"] is True
    assert snapshot(project) == before


def test_error_of_json_has_its_usual_form(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert vendor(project, "add", "nowhere", "--json") == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "\n  next: " in printed.err


def test_quiet_prints_no_table(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert vendor(project, "upgrade", "--quiet") == 0
    assert capsys.readouterr().out == ""


def test_two_versions_are_in_one_row(
    index: Index, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    make_wheel(index.directory, "tiny", "1.0")
    make_wheel(index.directory, "tiny", "2.0")
    targets = f"""targets = [
        {{ python = "{PYTHON}", platform = "linux-x86_64" }},
        {{ python = "{PYTHON}", platform = "macos-arm64" }},
    ]"""
    project = make_project("tiny<2", settings=targets)
    assert vendor(project) == 0
    lines = ('tiny<2 ; sys_platform == "linux"', 'tiny>=2 ; sys_platform != "linux"')
    make_project(*lines, settings=targets)
    out(capsys)
    assert vendor(project) == 0
    printed = out(capsys).splitlines()
    assert printed[:3] == [
        "package  old  new          size     why",
        "tiny     1.0  1.0, 2.0     0.00 MB  requirements/apps.in:1",
        f"warning: tiny has 2 versions: 1.0 for Python {PYTHON} on linux-x86_64; 2.0 for Python "
        f"{PYTHON} on macos-arm64",
    ]


def test_other_file_of_the_same_version_is_a_row(
    index: Index, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    make_wheel(index.directory, "tiny", tag="py3-none-manylinux_2_17_x86_64")
    make_wheel(index.directory, "tiny", tag="py3-none-macosx_11_0_arm64")
    project = make_project("tiny")
    assert vendor(project) == 0
    make_project(
        "tiny",
        settings=f"""targets = [
            {{ python = "{PYTHON}", platform = "linux-x86_64" }},
            {{ python = "{PYTHON}", platform = "macos-arm64" }},
        ]""",
    )
    out(capsys)
    assert vendor(project) == 0
    assert out(capsys).splitlines()[1].startswith("tiny     1.0  1.0 (2 wheels)  ")


def test_users_own_file_is_no_change(
    index: Index, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    make_wheel(index.directory, "tiny")
    project = make_project("tiny")
    assert vendor(project) == 0
    make_wheel(project / "requirements/src", "own")
    make_wheel(index.directory, "tiny", "2.0")
    out(capsys)
    assert vendor(project, "upgrade", "--dry-run") == 0
    printed = out(capsys)
    assert "own" not in printed
    assert "would have 4 files, " in printed


def test_many_requesters_are_counted(
    index: Index, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [f"asking{number}" for number in range(5)]
    make_wheel(index.directory, "shared")
    for name in names:
        make_wheel(index.directory, name, requires=["shared"])
    project = make_project(*names)
    out(capsys)
    assert vendor(project) == 0
    assert changes(out(capsys))["shared"][-1] == "asking0, asking1 and 3 others"
