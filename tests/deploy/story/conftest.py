"""What the stories share: an empty server, and a project that is ready for its first push."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Generate, bootstrap
from tests.support import apache
from tests.support.repository import make_bare
from tests.support.server import Server, serve
from tests.support.site import DEBIAN_PYTHON, PYTHON_VERSION, USER
from tests.support.working_copy import WorkingCopy

DOMAIN = "story.example"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """In a place that the server's user may enter, which pytest's own are not.

    Of one module, not of the session: other tests look whether they leave a process behind.
    """
    directory = Path(tempfile.mkdtemp(prefix="story"))
    directory.chmod(0o755)
    with serve(directory) as started:
        yield started
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
def project(server: Server, generate: Generate) -> WorkingCopy:
    """Generated, bootstrapped, committed, its host names filled in; nothing is pushed yet."""
    directory = generate(
        project_name="Story Site",
        domain=DOMAIN,
        python_version=PYTHON_VERSION,
        server_root=str(server.root),
        deploy_user=USER,
    )
    run = bootstrap(directory, "--python", DEBIAN_PYTHON)
    assert run.returncode == 0, run.stderr
    repository = directory.with_name("repository.git")
    make_bare(repository)
    copy = WorkingCopy(directory=directory)
    copy.git("init", "--quiet", "-b", "main")
    copy.git("config", "user.name", "Anna")
    copy.git("config", "user.email", "anna@example.org")
    copy.git("remote", "add", "origin", str(repository))
    file = "deploy/deployments.toml"
    copy.edit(
        file,
        'REPOSITORY = ""',
        f'REPOSITORY = "{repository}"\n'
        f'SSH_CONFIG = "{server.ssh.config}"\nSMOKE_URL = "http://{server.address}"',
    )
    copy.edit(file, 'REMOTE_HOST = ""', f'REMOTE_HOST = "{server.ssh.host}"')
    copy.commit("A new site")
    copy.git("tag", "as-generated")
    return copy


@pytest.fixture(scope="module")
def first_push(server: Server, project: WorkingCopy) -> str:
    """Push the project to the empty server; return the output."""
    assert list(server.root.iterdir()) == []
    return project.does("deploy", "--skip", "smoke-test", "-m", "A new site")


@pytest.fixture(scope="module")
def apache_of_server(server: Server, first_push: str) -> Iterator[apache.Apache]:
    with server.serving(server.site / "current/apache/production.conf") as serving:
        yield serving


@pytest.fixture
def serving(apache_of_server: apache.Apache, project: WorkingCopy) -> apache.Apache:
    """Apache with the site; whatever a test before has broken, the project is as generated."""
    project.git("checkout", "--quiet", "as-generated", "--", ".")
    project.commit("As generated")
    return apache_of_server
