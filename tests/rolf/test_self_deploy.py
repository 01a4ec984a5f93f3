"""Rolf pushes itself, through its own worker and its own stages: to another place, and in place."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support import apache
from tests.support.repository import make_bare
from tests.support.rolf_home import Home, Running, environment, running, until
from tests.support.server import Server, serve
from tests.support.site import DEBIAN_PYTHON
from tests.support.ssh_server import SSHD
from tests.support.working_copy import WorkingCopy

pytestmark = pytest.mark.needs(apache.APACHE, SSHD, "git", "rsync", "unshare")

DOMAIN = "rolf.example.org"
DEFINITION = "deploy/deployments.toml"
MINUTES = 240.0

TIED = """
from deployments.models import Application, Category, Deployment, Setting
application = Application.objects.create(
    name="rolf", category=Category.objects.create(name="tools"))
deployment = Deployment.objects.create(
    application=application, name="production", tied_to="production")
Setting.objects.create(deployment=deployment, name="REPOSITORY", text={repository!r})
"""
PUSH = """
from accounts.models import User
from deployments.models import Deployment
from pushes import services
print(services.queue_push(Deployment.objects.get(), User.objects.get(), comment="Rolf itself",
                  flags={{"SKIP_TESTS": "1"}}, skip={skip!r}).pk)
"""
PUSHED = """
import json
from pushes.models import Push
push = Push.objects.get(pk={push})
log = b"".join(bytes(chunk.data) for chunk in push.chunks.all()).decode()
print(json.dumps([push.state, push.reason + log]))
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """In a place that the server's user may enter, which pytest's own are not."""
    directory = Path(tempfile.mkdtemp(prefix="rolf"))
    directory.chmod(0o755)
    with serve(directory) as started:
        yield started
    shutil.rmtree(directory)


@pytest.fixture
def repository(rolf_project: Path, tmp_path: Path) -> WorkingCopy:
    """Rolf as a shop has it: with its vendored files in a repository of its own."""
    directory = tmp_path / "clone"
    shutil.copytree(
        rolf_project,
        directory,
        ignore=lambda where, _: (
            {"ve", "data", "media", "static", ".env"} if Path(where) == rolf_project else ()
        ),
    )
    bare = tmp_path / "repository.git"
    make_bare(bare)
    copy = WorkingCopy(directory=directory)
    copy.git("init", "--quiet", "-b", "main")
    copy.git("config", "user.name", "Anna")
    copy.git("config", "user.email", "anna@example.org")
    copy.git("remote", "add", "origin", str(bare))
    copy.edit(DEFINITION, 'REPOSITORY = ""', f'REPOSITORY = "{bare}"')
    return copy


def push(home: Home, *skip: str) -> None:
    """Ask for a push of the one deployment, and wait for it to succeed."""
    number = home.shell(PUSH.format(skip=skip))
    found: list[str] = []

    def ended() -> bool:
        found[:] = json.loads(home.shell(PUSHED.format(push=number)))
        return found[0] not in ("queued", "running")

    assert until(ended, MINUTES), found
    assert found[0] == "succeeded", found[1]


def tie(home: Home, repository: WorkingCopy) -> None:
    """Make a deployment that is what the repository's own file says."""
    origin = repository.git("remote", "get-url", "origin")
    home.shell(TIED.format(repository=origin))


def test_rolf_pushes_itself_and_runs_there_under_apache(
    home: Home, server: Server, repository: WorkingCopy
) -> None:
    site = server.root / "rolf"
    for file in ("apache/production.conf", DEFINITION):
        repository.edit(file, "/var/www/rolf", str(site))
    repository.edit(
        DEFINITION,
        'REMOTE_HOST = ""',
        f'REMOTE_HOST = "{server.ssh.host}"\nSSH_CONFIG = "{server.ssh.config}"\n'
        f'SMOKE_URL = "http://{server.address}"',
    )
    repository.commit("Where Rolf runs")
    with running(home):
        tie(home, repository)
        push(home, "smoke-test")  # Apache doesn't know the site yet
        with (
            server.serving(site / "current/apache/production.conf") as serving,
            _worker(site / "current"),
        ):
            assert until(lambda: serving.get("/readyz", host=DOMAIN).status == 200)
            health = serving.get("/readyz", host=DOMAIN)
            assert json.loads(health.text)["status"] == "ok"
            page = serving.get("/sign-in/", host=DOMAIN)
            assert page.status == 200, page.text
            assert 'name="password"' in page.text
            push(home)  # and now that all of it is there, the whole of its stages
            assert serving.get("/sign-in/", host=DOMAIN).status == 200
            assert (site / "current").resolve().name == "2"


def test_it_pushes_itself_where_it_runs_and_goes_on_from_the_new_release(
    home: Home, repository: WorkingCopy
) -> None:
    repository.edit(DEFINITION, 'REMOTE_HOST = ""', 'REMOTE_HOST = "."')
    repository.edit(DEFINITION, "/var/www/rolf", str(home.directory))
    repository.edit(DEFINITION, DEBIAN_PYTHON, str((home.current / "ve/bin/python").resolve()))
    repository.edit("main/static/main/robots.txt", "User-agent", "# pushed by itself\nUser-agent")
    repository.commit("Itself")
    with running(home) as rolf:
        tie(home, repository)
        push(home, "smoke-test")
        assert until(_runs_of(rolf, home.directory / "releases/1")), rolf.printed
        assert rolf.get() == 200
        with urllib.request.urlopen(rolf.address + "robots.txt") as answer:
            assert b"pushed by itself" in answer.read()
        push(home, "smoke-test")  # the new worker carries out the next one
        assert until(_runs_of(rolf, home.directory / "releases/2")), rolf.printed


@contextmanager
def _worker(directory: Path) -> Iterator[None]:
    """A worker of the second Rolf; it goes over to each release that becomes current."""
    process = subprocess.Popen(
        ["sh", "-c", 'while cd -P "$0"; do "$0/manage.py" worker; sleep 1; done', str(directory)],
        env=environment(),
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _runs_of(rolf: Running, release: Path) -> Callable[[], bool]:
    """Whether all of it runs of a release by now."""

    def runs() -> bool:
        pids = [rolf.process.pid, *rolf.children]
        return len(pids) == 3 and all(
            Path(f"/proc/{pid}/cwd").readlink() == release for pid in pids
        )

    return runs
