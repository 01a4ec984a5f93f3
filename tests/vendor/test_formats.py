"""Wheels and tarballs: which of them is vendored, and what builds a tarball."""

import os

from bootstrapper.ve.lockfile import APPS, TOOLS, read
from tests.vendor.conftest import COMPILED, MakeProject, files, vendor
from tests.vendor.index import Index, make_tarball
from tests.wheels import make_wheel


def test_tools_hold_what_a_tarball_is_built_with(index: Index, make_project: MakeProject) -> None:
    make_wheel(index.directory, "flit_core", "3.9", requires=["deeper"])
    make_wheel(index.directory, "deeper")
    make_wheel(index.directory, "modern")
    make_tarball(index.directory, "modern", build=["flit_core<4"])
    make_wheel(index.directory, "ancient")
    make_tarball(index.directory, "ancient", build=None)
    project = make_project("modern", "ancient", format="tarball")
    assert vendor(project) == 0
    assert [file.path.name for file in read(project, APPS)] == [
        "ancient-1.0.tar.gz", "modern-1.0.tar.gz"]
    assert [file.path.name for file in read(project, TOOLS)] == [
        f"{name}-py3-none-any.whl" for name in (
            "deeper-1.0", "flit_core-3.9", "pip-80.0", "setuptools-80.0", "virtualenv-80.0")]
    assert vendor(project, "check") == 0


def test_a_compiled_package_stays_a_wheel(index: Index, make_project: MakeProject) -> None:
    make_wheel(index.directory, "compiled", tag=COMPILED)
    make_tarball(index.directory, "compiled")
    project = make_project("compiled", format="tarball")
    assert vendor(project) == 0
    assert files(project) == [f"compiled-1.0-{COMPILED}.whl"]


def test_a_change_of_format_changes_the_files(index: Index, make_project: MakeProject) -> None:
    make_wheel(index.directory, "tiny")
    make_tarball(index.directory, "tiny")
    project = make_project("tiny")
    assert vendor(project) == 0
    make_project("tiny", format="tarball")
    assert vendor(project) == 0
    assert files(project) == ["flit_core-80.0-py3-none-any.whl", "tiny-1.0.tar.gz"]


def test_a_wheel_for_a_later_c_library_is_the_last_resort(
        index: Index, make_project: MakeProject) -> None:
    machine = os.uname().machine
    make_wheel(index.directory, "both", tag=f"py3-none-manylinux_2_36_{machine}")
    make_wheel(index.directory, "both", tag=f"py3-none-manylinux_2_28_{machine}")
    project = make_project("both")
    assert vendor(project) == 0
    assert files(project) == [f"both-1.0-py3-none-manylinux_2_28_{machine}.whl"]
    make_wheel(index.directory, "late", tag=f"py3-none-manylinux_2_36_{machine}")
    make_project("both", "late")
    assert vendor(project) == 0
    assert f"late-1.0-py3-none-manylinux_2_36_{machine}.whl" in files(project)
