"""An old project: adopted by one command, rebuilt, pushed, served by Apache, and rolled back."""

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.conftest import REPOSITORY, bootstrap
from tests.support import apache
from tests.support.old_project import DOMAIN, make_old_project
from tests.support.repository import make_bare
from tests.support.server import Server, own
from tests.support.site import DEBIAN_PYTHON, PYTHON_VERSION, USER
from tests.support.working_copy import WorkingCopy

pytestmark = pytest.mark.needs(apache.APACHE)


@pytest.fixture(scope="module")
def old(server: Server, tmp_path_factory: pytest.TempPathFactory) -> WorkingCopy:
    """The project, adopted and committed; its server has the settings of shared/.env."""
    directory = make_old_project(tmp_path_factory.mktemp("old") / "shop")
    repository = directory.with_name("repository.git")
    make_bare(repository)
    copy = WorkingCopy(directory=directory)
    copy.git("init", "--quiet", "-b", "main")
    copy.git("config", "user.name", "Anna")
    copy.git("config", "user.email", "anna@example.org")
    copy.git("remote", "add", "origin", str(repository))
    (directory / "src/shop/settings/local_settings.py").write_text("GREETING = 'not the server'\n")
    words = ["--yes", "--python", PYTHON_VERSION]
    for answer in (
        f"server_root={server.root}",
        f"deploy_user={USER}",
        f"remote_host={server.ssh.host}",
    ):
        words += ["--set", answer]
    run = subprocess.run(
        [sys.executable, "-m", "vendor_fetch", "--project", directory, "init", *words],
        cwd=REPOSITORY,
        text=True,
        check=False,
        capture_output=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    needs = run.stdout.partition("What the deployment needs of the settings")[2].splitlines()[1:3]
    assert needs[0].startswith(
        "  shared/.env: the server needs it before the first push, with SECRET_KEY;"
    )
    command = f"install -D -m 600 /dev/null {server.root}/shop/shared/.env"
    assert needs[1:] == [f"      ssh {server.ssh.host} {command}"]
    built = bootstrap(directory, "--python", DEBIAN_PYTHON)
    assert built.returncode == 0, built.stderr
    copy.edit(
        "deploy/deployments.toml",
        'SMOKE_URL = "http://{host}/"',
        f'SMOKE_URL = "http://{server.address}/"\nSSH_CONFIG = "{server.ssh.config}"',
    )
    copy.commit("Adopted")
    return copy


@pytest.fixture(scope="module")
def pushed(server: Server, old: WorkingCopy) -> str:
    """The first push, with the settings that deployments.toml asks for."""
    run = old.bootstrapper("deploy", "--skip", "smoke-test", "-m", "without settings")
    assert run.returncode == 1
    command = re.search(r"next: (ssh .*install .*?)  #", run.stderr + run.stdout)
    assert command, run.stdout + run.stderr
    pasted = command[1].replace("ssh ", f"ssh -F '{server.ssh.config}' ", 1)
    subprocess.run(["bash", "-c", pasted], check=True)
    env = server.root / "shop/shared/.env"
    assert env.stat().st_mode & 0o777 == 0o600
    env.write_text("# this server\nSECRET_KEY='a b#c'\nexport GREETING=\"hello  you\"  # warm\n")
    return old.does("deploy", "--skip", "smoke-test", "-m", "one")


@pytest.fixture(scope="module")
def served(server: Server, pushed: str) -> Iterator[apache.Apache]:
    with server.serving(server.root / "shop/current/apache/production.conf") as serving:
        yield serving


def page(served: apache.Apache) -> tuple[str, str]:
    """The text of the front page, and the address of its style sheet."""
    answer = served.get("/", host=DOMAIN)
    assert answer.status == 200, served.log.read_text()
    text, _, style = answer.text.rpartition(" ")
    return text, style


def test_old_project_is_served_with_its_static_files(
    served: apache.Apache, server: Server, pushed: str
) -> None:
    text, style = page(served)
    assert text == "hello  you one"
    assert re.fullmatch(r"/assets/shop/site\.[0-9a-f]{12}\.css", style)
    answer = served.get(style, host=DOMAIN)
    assert (answer.status, answer.text) == (200, "body { color: one }\n")
    assert "immutable" in answer.headers["Cache-Control"]
    upload = server.root / "shop/shared/src/uploads/notes.txt"
    upload.write_text("an upload\n")
    own(upload)
    answer = served.get("/uploads/notes.txt", host=DOMAIN)
    assert (answer.status, answer.text) == (200, "an upload\n")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert (server.root / "shop/shared/src/data/shop.sqlite3").is_file()
    assert "unit-tests: succeeded" in pushed
    for path in ("/assets/", "/assets/staticfiles.json", "/uploads/", "/.env", "/src/manage.py"):
        assert served.get(path, host=DOMAIN).status in (403, 404), path


def test_second_push_is_live_and_rolled_back(
    served: apache.Apache, server: Server, old: WorkingCopy
) -> None:
    _, first_style = page(served)
    before = apache.both_processes("shop-production")
    old.edit("src/shop/urls.py", '"one"', '"two"')
    old.edit("src/shop/static/shop/site.css", "one", "two")
    old.commit("two")
    old.does("deploy", "-m", "two")
    assert len(re.findall(r"process \d+ replaced \d+", old.does("log"))) == 2
    assert not before & apache.both_processes("shop-production")
    text, style = page(served)
    assert text == "hello  you two"
    assert style != first_style
    assert served.get(style, host=DOMAIN).text == "body { color: two }\n"
    # A browser has loaded the page before the switch.
    assert served.get(first_style, host=DOMAIN).status == 200
    old.does("rollback")
    assert page(served) == ("hello  you one", first_style)


def test_reload_reports_a_release_that_fails(served: apache.Apache, server: Server) -> None:
    page(served)
    apache.both_processes("shop-production")
    wsgi = (server.root / "shop/current").resolve() / "src/shop/wsgi.py"
    saved = wsgi.read_text()
    wsgi.unlink()  # its hardlinks are other releases
    wsgi.write_text("raise RuntimeError('a fault for a test')\n")
    try:
        run = reload(server)
        assert run.returncode == 1
        assert "can't load the site; the others still run the old code" in run.stderr
    finally:
        wsgi.write_text(saved)
    assert "replaced" in reload(server).stdout
    assert page(served)[0] == "hello  you one"


def reload(server: Server) -> "subprocess.CompletedProcess[str]":
    """Run apache/reload as the user of the site."""
    return subprocess.run(
        [server.root / "shop/current/apache/reload"],
        user=USER,
        group=USER,
        extra_groups=[],
        text=True,
        check=False,
        capture_output=True,
    )
