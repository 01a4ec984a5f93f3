"""The lock suffices for every micro version of a target's Python, and `check` proves that."""

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from packaging.markers import Marker as Reference

from bootstrapper.ve.project.lockfile import APPS, LockedFile, read
from bootstrapper.ve.standards.marker import Marker
from tests.support import index as indexes
from tests.support.index import Index
from tests.support.wheels import make_wheel
from tests.vendor.conftest import MakeProject, vendor
from vendor_fetch.graph.micro_versions import every_version
from vendor_fetch.index.uv import find_uv
from vendor_fetch.project.target import Target
from vendor_fetch.resolve.markers import marker_for
from vendor_fetch.resolve.resolver import uv_platform

TARGET = Target(python="3.12")


def lines(project: Path) -> dict[str, str]:
    return {file.path.name: str(file.marker or "") for file in read(project, APPS)}


def taken(files: Iterable[LockedFile], target: Target) -> set[str]:
    """The packages that a rebuild by that Python installs, by the library `packaging`."""
    environment = dict(target.environment)
    return {
        file.distribution.name
        for file in files
        if not file.marker or Reference(str(file.marker)).evaluate(environment)
    }


def needed(project: Path, index: Index, target: Target) -> set[str]:
    """The packages that uv installs for that Python."""
    run = subprocess.run(
        [
            *(find_uv(), "pip", "compile", "--no-config", "--no-header", "--no-annotate", "-q"),
            *("--index-url", index.url, "--python", sys.executable),
            *("--python-version", target.oldest_python, "--python-platform", uv_platform(target)),
            "requirements/apps.in",
        ],
        cwd=project,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return {line.partition("==")[0] for line in run.stdout.splitlines()}


@pytest.mark.parametrize(
    ("marker", "micros"),
    [
        ('python_full_version >= "3.12.4"', [0, 4]),
        ('"3.12.4" > python_full_version', [0, 4]),
        ('python_full_version > "3.12.4"', [0, 5]),
        ('python_full_version == "3.12.4"', [0, 4, 5]),
        ('python_full_version != "3.12.0"', [0, 1]),
        ('python_full_version ~= "3.12.4"', [0, 4]),
        ('python_full_version == "3.12.*"', [0]),
        ('implementation_version < "3.12.2"', [0, 2]),
        ('python_full_version <= "3.12.0a6" and extra == "toml"', [0]),
        ('python_full_version < "3.12.3" and extra == "toml"', [0, 3]),
        ('python_full_version < "3.12.3" and sys_platform == "win32"', [0]),
        ('python_full_version < "3.11.3"', [0]),
        ('python_full_version < "3.120.3"', [0]),
        ('python_version >= "3.12"', [0]),
        ('python_full_version > "3.12"', [0, 1]),
        ('python_full_version >= "3.12.2" and python_full_version < "3.12.10"', [0, 2, 10]),
    ],
)
def test_versions_at_which_a_marker_changes(marker: str, micros: list[int]) -> None:
    assert [each.micro for each in every_version([TARGET], [Marker(marker)])] == micros
    changes = [0] + [
        micro
        for micro in range(1, 100)
        for before in [Reference(marker)]
        if any(
            before.evaluate({**TARGET.at(micro - 1).environment, "extra": extra})
            != before.evaluate({**TARGET.at(micro).environment, "extra": extra})
            for extra in ("", "toml")
        )
    ]
    assert micros == changes


def test_versions_that_requires_python_allows() -> None:
    markers = [Marker('python_full_version >= "3.12.4" or python_full_version == "3.12.2"')]
    target = Target(python="3.12", micro=3, required=">=3.12.3,!=3.12.4,<3.12.9")
    assert [each.micro for each in every_version([target], markers)] == [3, 5]
    target = Target(python="3.12", micro=3, required="==3.12.3")
    assert [each.micro for each in every_version([target], markers)] == [3]


def test_name_of_a_version() -> None:
    assert str(TARGET) == "Python 3.12 on linux-x86_64"
    assert str(TARGET.at(4)) == "Python 3.12.4 on linux-x86_64"


@pytest.mark.parametrize(
    ("taking", "expected"),
    [
        ({("3.11", 0)}, 'python_full_version < "3.11.3"'),
        (
            {("3.11", 3)},
            'python_version == "3.11" and python_full_version >= "3.11.3"',
        ),
        ({("3.11", 3), ("3.12", 0), ("3.12", 4)}, 'python_full_version >= "3.11.3"'),
        ({("3.12", 4)}, 'python_full_version >= "3.12.4"'),
        ({("3.11", 0), ("3.11", 3)}, 'python_version == "3.11"'),
        ({("3.11", 0), ("3.11", 3), ("3.12", 0)}, 'python_full_version < "3.12.4"'),
        ({("3.11", 0), ("3.11", 3), ("3.12", 0), ("3.12", 4)}, ""),
    ],
)
def test_marker_of_some_versions(taking: set[tuple[str, int]], expected: str) -> None:
    targets = [
        *(Target(python="3.11"), Target(python="3.11").at(3)),
        *(Target(python="3.12"), Target(python="3.12").at(4)),
    ]
    takers = [each for each in targets if (each.python, each.micro) in taking]
    assert marker_for("tiny-1.0-py3-none-any.whl", takers, targets) == expected


@pytest.fixture
def project(index: Index, make_project: MakeProject) -> Path:
    """A project for Python 3.12 whose packages differ by its micro versions."""
    make_wheel(
        index.directory,
        "app",
        requires=[
            'new ; python_full_version >= "3.12.4"',
            'old ; python_full_version < "3.12.3"',
            'one ; python_full_version == "3.12.5"',
            'never ; python_full_version < "3.12.0"',
        ],
    )
    # What is needed later has a boundary of its own.
    make_wheel(index.directory, "new", requires=['deep ; python_full_version >= "3.12.7"'])
    for name in ("old", "one", "deep", "never"):
        make_wheel(index.directory, name)
    made = make_project("app", 'direct ; python_full_version < "3.12.2"')
    make_wheel(index.directory, "direct")
    return for_python(made, "==3.12.*")


def for_python(project: Path, required: str) -> Path:
    path = project / "pyproject.toml"
    text = path.read_text()
    line = next(each for each in text.splitlines() if each.startswith("requires-python"))
    path.write_text(text.replace(line, f'requires-python = "{required}"'))
    return project


def test_lock_suffices_for_every_version(index: Index, project: Path) -> None:
    assert vendor(project) == 0
    assert lines(project) == {
        "app-1.0-py3-none-any.whl": "",
        "deep-1.0-py3-none-any.whl": 'python_full_version >= "3.12.7"',
        "direct-1.0-py3-none-any.whl": 'python_full_version < "3.12.2"',
        "new-1.0-py3-none-any.whl": 'python_full_version >= "3.12.4"',
        "old-1.0-py3-none-any.whl": 'python_full_version < "3.12.3"',
        "one-1.0-py3-none-any.whl": (
            'python_full_version >= "3.12.5" and python_full_version < "3.12.6"'
        ),
    }
    locked = read(project, APPS)
    for micro in range(10):
        target = TARGET.at(micro)
        assert taken(locked, target) == needed(project, index, target)
    assert vendor(project, "check") == 0


def test_second_sync_has_nothing_to_do(
    index: Index, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert vendor(project) == 0
    before = (project / APPS).read_bytes()
    requests = len(index.asked)
    capsys.readouterr()
    assert vendor(project) == 0
    assert "Nothing to do" in capsys.readouterr().out
    with (project / "requirements/apps.in").open("a") as lines_of_apps_in:
        lines_of_apps_in.write("app>=1\n")
    assert vendor(project) == 0
    assert (project / APPS).read_bytes() == before
    assert len(index.asked) == requests


@pytest.mark.parametrize(
    ("name", "versions"),
    [("new", "Python 3.12.4"), ("deep", "Python 3.12.7"), ("one", "Python 3.12.5"), ("old", "")],
)
def test_check_proves_every_version(
    name: str, versions: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert vendor(project) == 0
    path = project / APPS
    kept = [each for each in path.read_text().splitlines() if f"src/{name}-" not in each]
    path.write_text("\n".join(kept) + "\n")
    capsys.readouterr()
    assert vendor(project, "check") == 1
    printed = capsys.readouterr().out + capsys.readouterr().err
    [lack] = [line for line in printed.splitlines() if "lacks" in line]
    assert lack.startswith(f"requirements/apps.txt: lacks {name} ;")
    assert lack.endswith(f" (for {versions} on linux-x86_64)" if versions else " asks for")


def test_line_without_the_marker_does_no_harm(project: Path) -> None:
    """As in locks of older versions."""
    assert vendor(project) == 0
    path = project / APPS
    path.write_text(path.read_text().replace(' ; python_full_version < "3.12.3"', ""))
    assert lines(project)["old-1.0-py3-none-any.whl"] == ""
    assert vendor(project, "check") == 0


def test_versions_need_two_versions_of_a_package(index: Index, make_project: MakeProject) -> None:
    make_wheel(
        index.directory,
        "app",
        requires=[
            'lib<2 ; python_full_version < "3.12.4"',
            'lib>=2 ; python_full_version >= "3.12.4"',
        ],
    )
    make_wheel(index.directory, "lib", "1.0")
    # An installer rejects it on older ones.
    make_wheel(index.directory, "lib", "2.0", headers=["Requires-Python: >=3.12.4"])
    project = for_python(make_project("app"), "==3.12.*")
    assert vendor(project) == 0
    assert lines(project) == {
        "app-1.0-py3-none-any.whl": "",
        "lib-1.0-py3-none-any.whl": 'python_full_version < "3.12.4"',
        "lib-2.0-py3-none-any.whl": 'python_full_version >= "3.12.4"',
    }
    assert vendor(project, "check") == 0


def test_versions_share_a_version_where_they_can(index: Index, make_project: MakeProject) -> None:
    make_wheel(index.directory, "app", requires=["lib", 'more ; python_full_version >= "3.12.4"'])
    make_wheel(index.directory, "more", requires=["lib<2"])
    for version in ("1.0", "2.0"):
        make_wheel(index.directory, "lib", version)
    project = for_python(make_project("app"), "==3.12.*")
    assert vendor(project) == 0
    assert list(lines(project)) == [
        *("app-1.0-py3-none-any.whl", "lib-1.0-py3-none-any.whl", "more-1.0-py3-none-any.whl")
    ]


def test_version_that_requires_python_excludes(index: Index, make_project: MakeProject) -> None:
    make_wheel(index.directory, "app", requires=['new ; python_full_version >= "3.12.4"'])
    project = for_python(make_project("app"), "==3.12.1")
    assert vendor(project) == 0
    assert list(lines(project)) == ["app-1.0-py3-none-any.whl"]
    assert vendor(project, "check") == 0


def test_tarball_for_some_versions_has_its_tools(index: Index, make_project: MakeProject) -> None:
    make_wheel(index.directory, "app", requires=['made ; python_full_version >= "3.12.4"'])
    indexes.make_tarball(index.directory, "made")
    project = for_python(make_project("app"), "==3.12.*")
    assert vendor(project) == 0
    assert lines(project)["made-1.0.tar.gz"] == 'python_full_version >= "3.12.4"'
    assert "flit_core-" in (project / "requirements/tools.txt").read_text()
    assert vendor(project, "check") == 0


def test_why_follows_every_version(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert vendor(project) == 0
    capsys.readouterr()
    assert vendor(project, "why", "deep") == 0
    printed = capsys.readouterr().out
    assert "app" in printed
    assert "new" in printed
