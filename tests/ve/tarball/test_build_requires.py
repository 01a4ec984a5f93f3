"""`build-requires` of a project provides what a tarball imports without declaring it."""

from pathlib import Path

import pytest

from bootstrapper.ve.project import lockfile
from bootstrapper.ve.wheel import undeclared
from tests.conftest import bootstrap
from tests.support.wheels import make_wheel
from tests.ve.tarball.conftest import MODULE, SETUP, add, vendor, version

UNDECLARED = "import undeclared\n" + SETUP


def configure(project: Path, *build_requires: str) -> None:
    (project / "pyproject.toml").write_text(
        f"[tool.vendor_fetch]\nbuild-requires = {list(build_requires)!r}\n"
    )


def test_build_requires_replace_undeclared_ones(project: Path) -> None:
    add(project, files={**MODULE, "setup.py": UNDECLARED})
    vendor(project, make_wheel(project / lockfile.SOURCE, "undeclared"), "tools.txt")
    configure(project, "undeclared>=1")
    run = bootstrap(project)
    assert run.returncode == 0, run.stderr
    assert version(project) == "1.0"


@pytest.mark.parametrize(
    ("statement", "requirement"),
    [
        ("import undeclared", "undeclared"),
        ("from pkg_resources import nothing_like_it", None),
        ("raise ModuleNotFoundError(\"No module named 'pkg_resources'\")", "setuptools<81"),
    ],
)
def test_failed_build_suggests_build_requires(
    project: Path, statement: str, requirement: str | None
) -> None:
    add(project, files={**MODULE, "setup.py": f"{statement}\n{SETUP}"})
    configure(project, "flit_core>=3")
    run = bootstrap(project)
    assert run.returncode == 1
    shown = (
        "${EDITOR:-vi} pyproject.toml  # [tool.vendor_fetch] needs "
        f'build-requires = ["flit_core>=3", "{requirement}"], then: env PYTHONPATH='
    )
    assert (shown in run.stderr) == bool(requirement)


def test_unvendored_build_requires_are_reported(project: Path, cold_store: Path) -> None:
    add(project)
    configure(project, "undeclared")
    run = bootstrap(project)
    assert run.returncode == 1
    assert (
        "its build needs undeclared, which is not vendored\n  next: env PYTHONPATH=" in run.stderr
    )


@pytest.mark.parametrize(
    ("output", "requirement"),
    [
        ("ModuleNotFoundError: No module named 'Cython'", "cython"),
        ("ImportError: No module named six.moves", "six"),
        ("ModuleNotFoundError: No module named 'setuptools.command.test'", "setuptools<72"),
        ("ModuleNotFoundError: No module named 'distutils.core'", "setuptools<81"),
        (
            "pkg_resources.DistributionNotFound: The 'pytest-runner' distribution was not found",
            "pytest-runner",
        ),
        (
            "importlib.metadata.PackageNotFoundError: No package metadata was found for numpy",
            "numpy",
        ),
        ("error in odd setup command: use_2to3 is invalid.", "setuptools<58"),
        ("error: invalid command 'bdist_wheel'", "wheel"),
        # A package with the name of a module of Python 2 is another one.
        ("ModuleNotFoundError: No module named 'ConfigParser'", None),
        ("ModuleNotFoundError: No module named 'UserDict'", None),
        ("SyntaxError: Missing parentheses in call to 'print'", None),
    ],
)
def test_missing_requirement_is_found_in_the_log(output: str, requirement: str | None) -> None:
    assert undeclared.requirement(output) == requirement


@pytest.mark.parametrize(
    ("configured", "setting"),
    [
        ([], 'build-requires = ["six"]'),
        (["a>=1"], 'build-requires = ["a>=1", "six"]'),
        (["six"], None),
        (["six>=1.10"], None),
    ],
)
def test_suggestion_keeps_configured_requirements(
    configured: list[str], setting: str | None
) -> None:
    assert undeclared.setting("ModuleNotFoundError: No module named 'six'", configured) == setting
