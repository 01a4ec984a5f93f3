"""The choice between wheel and tarball, and the build requirements of tarballs."""

import pytest

from bootstrapper.ve.project.lockfile import APPS, TOOLS, read
from tests.support.index import Index, make_tarball
from tests.support.wheels import make_wheel
from tests.vendor.conftest import COMPILED, PYTHON, MakeProject, files, vendor


def test_tools_have_build_requirements_of_tarballs(index: Index, make_project: MakeProject) -> None:
    make_wheel(index.directory, "flit_core", "3.9", requires=["deeper"])
    make_wheel(index.directory, "deeper")
    make_wheel(index.directory, "modern")
    make_tarball(index.directory, "modern", build=["flit_core<4"])
    make_wheel(index.directory, "ancient")
    make_tarball(index.directory, "ancient", build=None)
    project = make_project("modern", "ancient", format="tarball")
    assert vendor(project) == 0
    assert [file.path.name for file in read(project, APPS)] == [
        "ancient-1.0.tar.gz",
        "modern-1.0.tar.gz",
    ]
    assert [file.path.name for file in read(project, TOOLS)] == [
        f"{name}-py3-none-any.whl"
        for name in (
            "deeper-1.0",
            "flit_core-3.9",
            "pip-80.0",
            "setuptools-80.0",
            "virtualenv-80.0",
        )
    ]
    assert vendor(project, "check") == 0


def test_build_requires_add_to_the_tools(index: Index, make_project: MakeProject) -> None:
    make_wheel(index.directory, "flit_core", "3.9")
    make_tarball(index.directory, "tiny", build=["flit_core<4"])
    make_wheel(index.directory, "asked", "2.0", requires=["deeper"])
    make_wheel(index.directory, "deeper")
    project = make_project("tiny", settings='build-requires = ["asked>=2"]')
    assert vendor(project) == 0
    assert [file.distribution.name for file in read(project, TOOLS)] == [
        "asked",
        "deeper",
        "flit-core",
        "pip",
        "virtualenv",
    ]
    assert vendor(project, "check") == 0
    make_project("tiny")
    assert vendor(project, "check") == 1
    assert vendor(project) == 0
    assert files(project) == ["flit_core-3.9-py3-none-any.whl", "tiny-1.0.tar.gz"]


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ('"asked"', "'asked' is not a list of requirements"),
        ("[8]", "[8] is not a list of requirements"),
        ('["asked is nice"]', "'is nice' is not a version specifier"),
        (
            '["./requirements/src/asked-1.0-py3-none-any.whl"]',
            "'./requirements/src/asked-1.0-py3-none-any.whl' is a file; it must be "
            "the name of a package",
        ),
    ],
)
def test_wrong_build_requires_are_refused(
    value: str, fault: str, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    project = make_project("tiny", settings=f"build-requires = {value}")
    assert vendor(project) == 2
    printed = capsys.readouterr().err
    assert printed.startswith(f"pyproject.toml:6: build-requires: {fault}")
    assert printed.endswith(
        f"\n    build-requires = {value}\n  next: ${{EDITOR:-vi}} pyproject.toml  # such as: "
        'build-requires = ["setuptools-scm>=8"], then: make vendor\n'
    )


def test_compiled_package_stays_a_wheel(index: Index, make_project: MakeProject) -> None:
    make_wheel(index.directory, "compiled", tag=COMPILED)
    make_tarball(index.directory, "compiled")
    project = make_project("compiled", format="tarball")
    assert vendor(project) == 0
    assert files(project) == [f"compiled-1.0-{COMPILED}.whl"]


def test_change_of_format_changes_the_files(index: Index, make_project: MakeProject) -> None:
    make_wheel(index.directory, "tiny")
    make_tarball(index.directory, "tiny")
    project = make_project("tiny")
    assert vendor(project) == 0
    make_project("tiny", format="tarball")
    assert vendor(project) == 0
    assert files(project) == ["flit_core-80.0-py3-none-any.whl", "tiny-1.0.tar.gz"]


def test_floor_of_a_target_excludes_later_wheels(
    index: Index, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    early, late = (f"py3-none-manylinux_2_{minor}_x86_64" for minor in (28, 36))
    make_wheel(index.directory, "both", tag=late)
    make_wheel(index.directory, "both", tag=early)
    make_wheel(index.directory, "late", tag=late)
    assert vendor(make_project("both")) == 0
    assert files(make_project("both")) == [f"both-1.0-{early}.whl"]
    assert vendor(make_project("both", "late")) == 1
    assert "late" in capsys.readouterr().err
    targets = f'targets = [{{ python = "{PYTHON}", platform = "linux-x86_64", glibc = "2.36" }}]'
    project = make_project("both", "late", settings=targets)
    assert vendor(project) == 0
    # The locked file of a version stays.
    assert files(project) == [f"both-1.0-{early}.whl", f"late-1.0-{late}.whl"]
