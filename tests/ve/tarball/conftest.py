"""A project that can build tarballs."""

import shutil
import subprocess
from pathlib import Path

import pytest

from bootstrapper.ve.project import lockfile
from tests.conftest import Generate
from tests.support.real_wheels import fetch_into, real_wheels
from tests.support.shared import made_once, shared_directory
from tests.support.tarballs import make_tarball
from tests.support.wheels import lock_line

MODULE = {"odd.py": "VERSION = '1.0'\n"}
SETUP = "from setuptools import setup\nsetup(name='odd', version='1.0', py_modules=['odd'])\n"
METADATA = "[project]\nname = 'odd'\nversion = '1.0'\n"
MORE_BACKENDS = ("pdm-backend", "poetry-core")


@pytest.fixture(scope="session")
def tools_of(generate: Generate, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a generated project with tools for its tarballs: the build backends."""
    directory = shared_directory(tmp_path_factory) / "generated of tarballs"
    [project] = made_once(directory, lambda into: generate(into, vendor_format="tarball")).iterdir()
    return project


@pytest.fixture
def project(tiny_project: Path, tools_of: Path) -> Path:
    """Return the tiny project with build backends among its tools, two more than templates need."""
    for file in lockfile.read(tools_of, lockfile.TOOLS):
        shutil.copy(tools_of / file.path, tiny_project / file.path)
    more = [file for file in real_wheels() if file.distribution.name in MORE_BACKENDS]
    fetch_into(tiny_project, more)
    (tiny_project / lockfile.TOOLS).write_text(
        lockfile.render([*lockfile.read(tools_of, lockfile.TOOLS), *more])
    )
    return tiny_project.rename(tiny_project.with_name("project"))


def vendor(project: Path, path: Path, lock: str = "apps.txt") -> Path:
    with (project / "requirements" / lock).open("a") as lines:
        lines.write(lock_line(path))
    return path


def add(project: Path, **details: object) -> Path:
    details = {"name": "odd", "files": {**MODULE, "setup.py": SETUP}, **details}
    return vendor(project, make_tarball(project / lockfile.SOURCE, **details))  # type: ignore[arg-type]


def version(project: Path) -> str:
    return subprocess.run(
        [project / "ve/bin/python", "-c", "import odd; print(odd.VERSION)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def wheels(store: Path) -> list[Path]:
    return sorted(store.glob("*/wheels/*/odd-*.whl"))
