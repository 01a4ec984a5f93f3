"""What the tests of Rolf share: one that is vendored and built, and a place where it runs."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import bootstrap
from tests.support.rolf_home import DATABASE, Home, close_shells, environment
from tests.support.shared import made_once, shared_directory
from tests.support.site import DEBIAN_PYTHON, PYTHON_VERSION
from tools.rolf_files import lay_out


@pytest.fixture(scope="session")
def rolf_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This checkout's Rolf with the files of all its options and its ve, which tests only copy."""
    return _built(shared_directory(tmp_path_factory) / "vendored", options=True)


@pytest.fixture(scope="session")
def base_rolf_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same without any option."""
    return _built(shared_directory(tmp_path_factory) / "vendored-base", options=False)


def _built(directory: Path, *, options: bool) -> Path:
    def make(directory: Path) -> None:
        lay_out(directory / "rolf", PYTHON_VERSION, options=options)
        run = bootstrap(directory / "rolf", "--python", DEBIAN_PYTHON)
        assert run.returncode == 0, run.stderr
        subprocess.run(
            ["./manage.py", "migrate", "-v0"], cwd=directory / "rolf", check=True, env=environment()
        )

    return made_once(directory, make) / "rolf"


@pytest.fixture(autouse=True)
def no_shell_is_left() -> Iterator[None]:
    """End what `Home.shell` started for a test."""
    yield
    close_shells()


@pytest.fixture
def home(rolf_project: Path, tmp_path: Path) -> Home:
    """Rolf as its own pushes lay it out, its first release current, its tables empty."""
    home = Home.laid_out(tmp_path / "server", rolf_project)
    home.fill(rolf_project / DATABASE)
    return home
