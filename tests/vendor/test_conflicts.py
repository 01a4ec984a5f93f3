"""A conflict is explained in lines that fit on a screen, with the lines of apps.in behind it."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.index import Index
from tests.support.wheels import make_wheel
from tests.vendor.conftest import PYTHON, TAG, MakeProject, snapshot, vendor

NEXT = "  next: ${EDITOR:-vi} requirements/apps.in  # "
Conflict = Callable[..., list[str]]


@pytest.fixture
def conflict(
    index: Index, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> Conflict:
    """`conflict(wheels, "line", …)` syncs, and returns the lines of the error."""

    def explain(wheels: Sequence[tuple[str, ...]], *lines: str, settings: str = "") -> list[str]:
        for name, version, *requires in wheels:
            make_wheel(index.directory, name, version, requires=requires)
        project = make_project(*lines, settings=settings)
        before = snapshot(project)
        assert vendor(project) == 1
        assert snapshot(project) == before
        printed = capsys.readouterr().err.splitlines()
        assert len(printed) <= 12
        assert sum("next: " in each for each in printed) == 1
        return printed

    return explain


def test_two_lines_show_the_chains_between_them(conflict: Conflict) -> None:
    wheels = [
        *(("app", f"{n}.0", "mid") for n in range(1, 9)),
        *(("mid", f"{n}.0", "helper<2") for n in range(1, 9)),
        *(("other", f"{n}.0", f"helper>={n + 1}") for n in range(1, 9)),
        *(("helper", f"{n}.0") for n in range(1, 12)),
        ("fine", "1.0"),
    ]
    assert conflict(wheels, "# the apps", "fine", "app[extra]", "fine>=1", "other") == [
        "requirements/apps.in:3: lines 3 and 5 exclude each other",
        "    requirements/apps.in:3: app[extra] -> mid -> helper<2",
        "    requirements/apps.in:5: other -> helper>=9",
        f"{NEXT}change line 3 or 5, then: make vendor",
    ]


def test_line_against_a_dependency_is_named(conflict: Conflict) -> None:
    wheels = [("app", "1.0", "helper<2"), ("helper", "1.0"), ("helper", "2.0")]
    assert conflict(wheels, "app", "helper>=2") == [
        "requirements/apps.in:1: lines 1 and 2 exclude each other",
        "    requirements/apps.in:1: app -> helper<2",
        "    requirements/apps.in:2: helper>=2",
        f"{NEXT}change line 1 or 2, then: make vendor",
    ]


def test_same_package_twice_is_named(conflict: Conflict) -> None:
    printed = conflict([("app", "1.0"), ("app", "2.0")], "app==1.0", "app==2.0")
    assert printed[0] == "requirements/apps.in:1: lines 1 and 2 exclude each other"
    assert printed[-1] == f"{NEXT}change line 1 or 2, then: make vendor"


def test_three_lines_that_only_conflict_together(conflict: Conflict) -> None:
    wheels = [
        ("one", "1.0", "helper!=1.0"),
        ("two", "1.0", "helper!=2.0"),
        ("three", "1.0", "helper!=3.0"),
        *(("helper", f"{n}.0") for n in (1, 2, 3)),
        ("fine", "1.0", "helper"),
    ]
    printed = conflict(wheels, "fine", "one", "two", "three")
    assert printed[0] == "requirements/apps.in:2: lines 2, 3 and 4 exclude each other"
    # uv has shortened the ranges by what the index has.
    assert printed[1:4] == [
        "    requirements/apps.in:2: one -> helper>1.0",
        "    requirements/apps.in:3: two -> helper!=2.0",
        "    requirements/apps.in:4: three -> helper<=2.0",
    ]


def test_missing_version_shows_what_the_index_has(conflict: Conflict) -> None:
    assert conflict([("app", "1.0")], "app>=5") == [
        "requirements/apps.in:1: no version of app can be used",
        "    requirements/apps.in:1: app>=5",
        "    the index has app==1.0 only",
        f"{NEXT}change line 1, then: make vendor",
    ]


def test_missing_package_of_a_dependency_is_named(conflict: Conflict) -> None:
    wheels = [("app", "1.0", "mid"), ("mid", "1.0", "nowhere")]
    assert conflict(wheels, "app") == [
        "requirements/apps.in:1: the index has no package nowhere",
        "    requirements/apps.in:1: app -> mid -> nowhere",
        f"{NEXT}correct line 1, or configure pip or uv for an index that has it, then: make vendor",
    ]


def test_line_of_an_included_file_is_named(
    conflict: Conflict, index: Index, make_project: MakeProject
) -> None:
    project = make_project()
    (project / "requirements/base.in").write_text("# base\nhelper>=2\n")
    (project / "requirements/limits.txt").write_text("mid<2\n")
    wheels = [("app", "1.0", "helper<2"), ("helper", "1.0"), ("helper", "2.0")]
    printed = conflict(wheels, "-r base.in", "app")
    assert printed[0] == (
        "requirements/base.in:2: requirements/base.in:2 and requirements/apps.in:2 exclude each "
        "other"
    )
    wheels = [("top", "1.0", "mid>=2"), ("mid", "1.0"), ("mid", "2.0")]
    printed = conflict(wheels, "-c limits.txt", "top")
    assert "    requirements/limits.txt:1: mid<2" in printed


def test_later_python_is_proposed(conflict: Conflict, index: Index) -> None:
    make_wheel(index.directory, "helper", "2.0", headers=["Requires-Python: >=3.99"])
    assert conflict([("app", "1.0", "helper>=2"), ("helper", "1.0")], "app") == [
        "requirements/apps.in:1: no version of app can be used",
        "    requirements/apps.in:1: app -> helper>=2 -> Python>=3.99",
        f"    helper==2.0 requires Python >=3.99, the target has {PYTHON}",
        "  next: ${EDITOR:-vi} pyproject.toml  # name a later Python in requires-python or targets; "
        "or change line 1 of requirements/apps.in, then: make vendor",
    ]


def test_floor_that_a_wheel_needs_is_proposed(conflict: Conflict, index: Index) -> None:
    for tag in ("manylinux_2_34_x86_64", "manylinux_2_39_x86_64", "macosx_14_0_arm64"):
        make_wheel(index.directory, "helper", tag=f"{TAG}-{TAG}-{tag}")
    settings = (
        f'targets = [{{ python = "{PYTHON}", platform = "linux-x86_64" }}, '
        f'{{ python = "{PYTHON}", platform = "macos-arm64", macos = "14.0" }}]'
    )
    printed = conflict([("app", "1.0", "helper")], "app", settings=settings)
    assert printed[0] == (
        "requirements/apps.in:1: no version of app can be used "
        f"(for Python {PYTHON} on linux-x86_64)"
    )
    assert printed[1] == "    requirements/apps.in:1: app -> helper"
    assert printed[-1] == (
        "  next: ${EDITOR:-vi} pyproject.toml  # if every machine has it, write "
        f'{{ python = "{PYTHON}", platform = "linux-x86_64", glibc = "2.34" }} in targets; '
        "or change line 1 of requirements/apps.in, then: make vendor"
    )


def test_wheels_of_another_system_propose_no_floor(conflict: Conflict, index: Index) -> None:
    for tag in ("macosx_12_0_x86_64", "musllinux_1_2_x86_64", "manylinux_2_34_aarch64"):
        make_wheel(index.directory, "app", tag=f"{TAG}-{TAG}-{tag}")
    settings = f'targets = [{{ python = "{PYTHON}", platform = "linux-x86_64" }}]'
    printed = conflict([], "app", settings=settings)
    assert any("app==1.0 has no tarball, and wheels only for" in each for each in printed)
    assert printed[-1] == f"{NEXT}change line 1, then: make vendor"


def test_wheels_of_another_python_are_named(conflict: Conflict, index: Index) -> None:
    make_wheel(index.directory, "app", tag="cp399-cp399-manylinux_2_17_x86_64")
    printed = conflict([], "app")
    assert "    app==1.0 has no tarball, and wheels only for cp399" in printed


def test_yanked_release_is_named(conflict: Conflict, index: Index) -> None:
    index.yanked["app-2.0-py3-none-any.whl"] = "a reason, and more (of it)"
    printed = conflict([("app", "1.0"), ("app", "2.0")], "app>=2")
    assert "    app==2.0 was yanked by its authors" in printed
    assert printed[-1].startswith(f"{NEXT}write app==2.0, which takes it; or change line 1")


def test_cooldown_is_named_as_the_cause(conflict: Conflict, index: Index) -> None:
    now = datetime.now(UTC)
    index.uploaded = {
        f"app-{version}-py3-none-any.whl": now - timedelta(days=age)
        for version, age in (("1.0", 100), ("2.0", 2))
    }
    printed = conflict([("app", "1.0"), ("app", "2.0")], "app>=2", settings='cooldown = "7 days"')
    assert printed[0] == "requirements/apps.in:1: no version of app can be used"
    assert "  cooldown in pyproject.toml holds new versions back: app 2.0 is 2 days old" in printed
    assert printed[-1] == (
        "  next: ve/bin/python -m vendor_fetch sync --now  # takes them this time"
    )


def test_long_explanation_is_cut(conflict: Conflict) -> None:
    wheels = [(f"p{n}", "1.0", f"helper!={n}.0") for n in range(20)]
    wheels += [("helper", f"{n}.0") for n in range(20)]
    printed = conflict(wheels, *(f"p{n}" for n in range(20)))
    assert printed[0].startswith("requirements/apps.in:1: lines 1, 2, 3")
    assert "more lines" in printed[-2]
