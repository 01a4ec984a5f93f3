"""What the tests of recipes share: a push to this machine, and the same by ssh."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bootstrapper.deploy.remote.ssh import HERE
from tests.conftest import Generate, bootstrap
from tests.support.recipe_runner import Push, push
from tests.support.repository import Repository
from tests.support.shared import made_once, shared_directory
from tests.support.ssh_server import SshServer, serve


@pytest.fixture(scope="module")
def shared_ssh_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    """One for a module's tests, none of which harms it."""
    with serve(tmp_path_factory.mktemp("ssh")) as (server,):
        yield server


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Push]:
    """A push whose REMOTE_HOST is this machine, without ssh."""
    with push(tmp_path) as made:
        yield made


@pytest.fixture
def by_ssh(tmp_path: Path, shared_ssh_server: SshServer) -> Iterator[Push]:
    """A push whose REMOTE_HOST is reached by a real ssh."""
    with push(tmp_path, host=shared_ssh_server.host, config=shared_ssh_server.config) as made:
        yield made


@pytest.fixture(params=[HERE, "ssh"])
def anywhere(request: pytest.FixtureRequest) -> Push:
    """Either of the two: for recipes that have to work in both ways."""
    made = request.getfixturevalue("here" if request.param == HERE else "by_ssh")
    assert isinstance(made, Push)
    return made


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A git repository with one commit, on a server's disk; nobody's own git settings count."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    return Repository.create(tmp_path / "it's a repository.git")


@pytest.fixture(scope="session")
def project(generate: Generate, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generated project with its ve, which tests only copy."""

    def make(directory: Path) -> None:
        done = bootstrap(generate(directory, project_slug="shop"))
        assert done.returncode == 0, done.stderr

    return made_once(shared_directory(tmp_path_factory) / "generated shop", make) / "shop"
